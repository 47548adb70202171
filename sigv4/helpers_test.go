package sigv4

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The credentials and the moment of the public AWS signing test suite.
const (
	testKeyID  = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	formType   = "application/x-www-form-urlencoded; charset=utf-8"
	formBody   = "Action=CreateUser&UserName=alice&Version=2010-05-08"
)

var (
	testTime  = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	served    = []string{"iam", "sts"}
	longToken = strings.Repeat("FwoGZXIvYXdzEBYaDHVzZXI+/=", 30)
)

// signer is the SDK's signer with the test suite's credentials; zero fields
// take their usual values.
type signer struct {
	keyID, secret, token, region, service string
	at                                    time.Time
}

func (s signer) defaults() signer {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	def(&s.keyID, testKeyID)
	def(&s.secret, testSecret)
	def(&s.region, "us-east-1")
	def(&s.service, "iam")
	if s.at.IsZero() {
		s.at = testTime
	}
	return s
}

func (s signer) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: s.keyID, SecretAccessKey: s.secret, SessionToken: s.token}
}

func hexHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func hexString(b []byte) string { return hex.EncodeToString(b) }

func newServer(t *testing.T, h http.HandlerFunc) *httptest.Server {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// signHeader has the SDK sign a request, as a client would before sending it.
func signHeader(t testing.TB, s signer, r *http.Request, body []byte) {
	t.Helper()
	s = s.defaults()
	err := v4.NewSigner().SignHTTP(context.Background(), s.credentials(), r, hexHash(body), s.service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
}

// signedForm is the request every SDK makes: a form to the root.
func signedForm(t testing.TB, s signer, form string) (*http.Request, []byte) {
	t.Helper()
	r := httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(form))
	r.Header.Set("Content-Type", formType)
	r.Header.Set("Amz-Sdk-Invocation-Id", "3f1ae1b6-9b1f-4d6c-a47e-0d2f8f8e0d35")
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	unsigned := http.Header{"Amz-Sdk-Invocation-Id": r.Header["Amz-Sdk-Invocation-Id"], "Amz-Sdk-Request": r.Header["Amz-Sdk-Request"]}
	r.Header.Del("Amz-Sdk-Invocation-Id")
	r.Header.Del("Amz-Sdk-Request")
	signHeader(t, s, r, []byte(form))
	for name, values := range unsigned {
		r.Header[name] = values
	}
	return r, []byte(form)
}

// presigned is a GET that the SDK has presigned, as a server receives it.
func presigned(t testing.TB, s signer, url string) *http.Request {
	t.Helper()
	return presignedWith(t, s, httptest.NewRequest("GET", url, nil), nil)
}

func presignedWith(t testing.TB, s signer, r *http.Request, body []byte) *http.Request {
	t.Helper()
	s = s.defaults()
	url, header, err := v4.NewSigner().PresignHTTP(context.Background(), s.credentials(), r, hexHash(body), s.service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
	out := httptest.NewRequest(r.Method, url, bytes.NewReader(body))
	for name, values := range header {
		if name != "Host" && name != "Content-Length" {
			out.Header[name] = values
		}
	}
	return out
}

// check parses and verifies with the test suite's secret.
func check(r *http.Request, body []byte, now time.Time) (*Signature, error) {
	s, err := Parse(r, body, served, now)
	if err != nil {
		return nil, err
	}
	return s, s.Verify(SigningKey(testSecret, s.Date, s.Region, s.Service))
}

func mustPass(t *testing.T, r *http.Request, body []byte) *Signature {
	t.Helper()
	s, err := check(r, body, testTime)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return s
}

func mustFail(t *testing.T, r *http.Request, body []byte, want Error) {
	t.Helper()
	_, err := check(r, body, testTime)
	wantError(t, err, want)
}

func wantError(t *testing.T, err error, want Error) {
	t.Helper()
	var got *Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want %v", err, &want)
	}
	if *got != want {
		t.Fatalf("got  %d %v\nwant %d %v", got.Status, got, want.Status, &want)
	}
}

const signatureText = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

var doesNotMatch = Error{"SignatureDoesNotMatch", 403, signatureText}

// signByHand builds an Authorization header over a canonical request written out
// in a test, for what the SDK's signer cannot be made to sign.
func signByHand(signedHeaders, canonicalRequest string) string {
	const scope = "20150830/us-east-1/iam/aws4_request"
	mac := hmac.New(sha256.New, SigningKey(testSecret, "20150830", "us-east-1", "iam"))
	mac.Write([]byte("AWS4-HMAC-SHA256\n20150830T123600Z\n" + scope + "\n" + hexHash([]byte(canonicalRequest))))
	return "AWS4-HMAC-SHA256 Credential=" + testKeyID + "/" + scope + ", SignedHeaders=" + signedHeaders +
		", Signature=" + hexString(mac.Sum(nil))
}

// signWithPayload signs with any text as the payload hash.
func signWithPayload(t testing.TB, s signer, r *http.Request, payload string) {
	t.Helper()
	s = s.defaults()
	if err := v4.NewSigner().SignHTTP(context.Background(), s.credentials(), r, payload, s.service, s.region, s.at); err != nil {
		t.Fatal(err)
	}
}

// presignEmpty presigns a GET with the empty secret.
func presignEmpty(t testing.TB, url string) *http.Request {
	t.Helper()
	url, _, err := v4.NewSigner().PresignHTTP(context.Background(), aws.Credentials{AccessKeyID: testKeyID},
		httptest.NewRequest("GET", url, nil), hexHash(nil), "iam", "us-east-1", testTime)
	if err != nil {
		t.Fatal(err)
	}
	return httptest.NewRequest("GET", url, nil)
}

// chain is HMAC-SHA-256 over parts, each keyed with the sum of the one before.
func chain(key []byte, parts ...string) []byte {
	for _, part := range parts {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return key
}

// presignRaw presigns without building the request anew.
func presignRaw(r *http.Request, payloadHash, region string) (string, http.Header, error) {
	return v4.NewSigner().PresignHTTP(context.Background(), signer{}.defaults().credentials(), r, payloadHash, "iam", region, testTime)
}
