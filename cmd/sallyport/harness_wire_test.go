package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// answer is what came back over the raw wire.
type answer struct {
	status int
	code   string // of the error; "" if there is none
	body   string
	header http.Header
}

// send sends a request as it is.
func (s *server) send(r *http.Request) answer {
	s.t.Helper()
	response, err := connections.RoundTrip(r)
	if err != nil {
		s.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, body: string(body), header: response.Header}
	if _, rest, ok := strings.Cut(a.body, "<Code>"); ok {
		a.code, _, _ = strings.Cut(rest, "</Code>")
	}
	return a
}

const (
	iamVersion = "2010-05-08"
	stsVersion = "2011-06-15"
)

// post is an unsigned POST of a form.
func (s *server) post(body string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

// call is the body of a call of IAM.
func call(action string, parameters ...string) string {
	form := url.Values{"Action": {action}, "Version": {iamVersion}}
	for i := 0; i+1 < len(parameters); i += 2 {
		form.Add(parameters[i], parameters[i+1])
	}
	return form.Encode()
}

// sign signs a request with its headers as they are.
func (s *server) sign(r *http.Request, c aws.Credentials, service, body string) *http.Request {
	s.t.Helper()
	if err := v4.NewSigner().SignHTTP(s.t.Context(), c, r, hashOf(body), service, "us-east-1", time.Now()); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// presign is a presigned GET of a form.
func (s *server) presign(c aws.Credentials, service, form string) string {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+"/?"+form, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	signed, _, err := v4.NewSigner().PresignHTTP(s.t.Context(), c, r, hashOf(""), service, "us-east-1", time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return signed
}

// get fetches a URL.
func (s *server) get(url string) answer {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(r)
}

// signedCall posts a body to IAM, signed.
func (s *server) signedCall(c aws.Credentials, body string) answer {
	s.t.Helper()
	return s.send(s.sign(s.post(body), c, "iam", body))
}

// escape makes a value of a form.
func escape(value string) string { return url.QueryEscape(value) }

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// sdkClient gives each request of the SDK a body of its own. The SDK closes its body when the head of the answer
// is there, which over loopback can be before net/http has seen the end of it; the connection is then closed
// under a long answer.
type sdkClient struct{}

func (sdkClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return connections.RoundTrip(r)
}

// connections are not kept: a server that is started again would meet those of the one before. A request that
// asks first whether its body is wanted waits for the answer.
var connections = &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: 20 * time.Second}
