// Modelgen writes the table of constraints that package wire validates
// requests with. It reads service models in the form botocore ships them
// (service-2.json, plain or gzipped), one per service:
//
//	modelgen -source "botocore 1.43.11" -o wire/model_gen.go iam=FILE sts=FILE
//
// Only what the Go types of the SDK cannot say is kept: constraints reachable
// from an operation's input, error codes with their status, sensitive members,
// wire names that are not the Go names, and results that are present although
// they have no members.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("modelgen: ")
	source := flag.String("source", "", "what the models were taken from, with its version")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if *source == "" || *out == "" || flag.NArg() == 0 {
		log.Fatal("usage: modelgen -source NAME -o FILE service=service-2.json[.gz] …")
	}
	t := newTable(*source)
	for _, arg := range flag.Args() {
		service, path, ok := strings.Cut(arg, "=")
		if !ok {
			log.Fatalf("%q is not service=file", arg)
		}
		m, err := readModel(path)
		if err != nil {
			log.Fatal(err)
		}
		if err := t.add(service, m); err != nil {
			log.Fatalf("%s: %v", service, err)
		}
	}
	var b bytes.Buffer
	t.print(&b)
	code, err := format.Source(b.Bytes())
	if err != nil {
		log.Fatal(fmt.Errorf("the table is not Go: %w", err))
	}
	if err := os.WriteFile(*out, code, 0o644); err != nil {
		log.Fatal(err)
	}
}
