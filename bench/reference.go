package main

import (
	"io"
	"net/http"
	"os"
)

// serveReference serves what the numbers are compared with: net/http with a handler that reads the body and
// answers the bytes it found on its standard input at the start.
func serveReference(address string) error {
	answer, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	return http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header()["Content-Type"] = []string{"text/xml"}
		w.Write(answer)
	}))
}
