package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/sallyport-iam/sallyport/store/pgtest"
)

// TestMain lets the test binary be the real program too: scripts call it as sallyport, and startServer runs it
// as a process of its own, which can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_RUN_SALLYPORT") == "1" {
		os.Unsetenv("TEST_RUN_SALLYPORT")
		os.Exit(run(os.Args[1:]))
	}
	testscript.Main(withPostgres{m}, map[string]func(){"sallyport": func() { os.Exit(run(os.Args[1:])) }})
}

// withPostgres stops the database server of the tests after them.
type withPostgres struct{ m *testing.M }

func (w withPostgres) Run() int { return pgtest.Run(w.m) }

const rootPassword = "Correct-horse-battery-1"

// server is a running Sallyport.
type server struct {
	t       *testing.T
	data    string
	address string
	url     string
	process *exec.Cmd
	log     string // path of its log

	database string // URL; "" is the embedded one
	keyset   string // path; "" is in the data directory
}

// startServer starts a server on a free port with a new data directory, or the one given.
func startServer(t *testing.T, data string, args ...string) *server {
	t.Helper()
	if data == "" {
		data = filepath.Join(t.TempDir(), "data")
	}
	s := &server{t: t, data: data, address: freeAddress(t), log: data + ".log"}
	s.url = "http://" + s.address
	s.start(args...)
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	return s
}

// start runs the server's process and waits until it is ready.
func (s *server) start(args ...string) {
	s.t.Helper()
	s.launch(args...)
	s.await("/readyz")
}

// launch runs the server's process.
func (s *server) launch(args ...string) {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.process = exec.Command(os.Args[0], append([]string{"serve", "--listen", s.address, "--data", s.data}, args...)...)
	s.process.Env = append(s.environment(), "SALLYPORT_ROOT_PASSWORD="+rootPassword)
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// environment is that of the server and of the local commands beside it.
func (s *server) environment() []string {
	environment := append(os.Environ(), "TEST_RUN_SALLYPORT=1")
	if s.database != "" {
		environment = append(environment, "SALLYPORT_DATABASE="+s.database)
	}
	if s.keyset != "" {
		environment = append(environment, "SALLYPORT_KEYSET="+s.keyset)
	}
	return environment
}

func (s *server) installation() installation {
	return installation{data: s.data, database: s.database, keyset: s.keyset}
}

// await waits until a page of the server's answers with 200.
func (s *server) await(path string) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(s.url + path)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(s.log)
			s.t.Fatalf("the server did not become ready:\n%s", text)
		}
	}
}

// stop ends the process with a signal and waits for it.
func (s *server) stop(signal syscall.Signal) {
	if s.process == nil || s.process.ProcessState != nil {
		return
	}
	s.process.Process.Signal(signal)
	s.process.Wait()
}

// sallyport runs a local command beside the server and returns what it printed.
func (s *server) sallyport(args ...string) (string, error) {
	cmd := exec.Command(os.Args[0], append(args, "--data", s.data)...)
	cmd.Env = s.environment()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// root is root's long-term access key, from the credentials file.
func (s *server) root() aws.Credentials {
	s.t.Helper()
	f, err := os.Open(filepath.Join(s.data, "credentials"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	var c aws.Credentials
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " = ")
		switch name {
		case "aws_access_key_id":
			c.AccessKeyID = value
		case "aws_secret_access_key":
			c.SecretAccessKey = value
		}
	}
	return c
}

// iam and sts are SDK clients with the credentials.
func (s *server) iam(c aws.Credentials) *awsiam.Client {
	return awsiam.New(awsiam.Options{Region: "eu-central-1", BaseEndpoint: &s.url, Credentials: static(c), RetryMaxAttempts: 1, HTTPClient: sdkClient{}})
}

func (s *server) sts(c aws.Credentials) *awssts.Client {
	return awssts.New(awssts.Options{Region: "eu-central-1", BaseEndpoint: &s.url, Credentials: static(c), RetryMaxAttempts: 1, HTTPClient: sdkClient{}})
}

func static(c aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		if c.AccessKeyID == "" {
			return c, fmt.Errorf("no credentials")
		}
		return c, nil
	})
}
