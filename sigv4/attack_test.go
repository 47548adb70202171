package sigv4

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A payload mode must not switch the signature off: the wrong secret, and the
// right secret with another body, are refused under every mode.
func TestAttack33_PayloadModes(t *testing.T) {
	badHash := Error{"SignatureDoesNotMatch", 403, "'X-Amz-Content-Sha256' must be the SHA-256 of the request body in lower-case hex; " +
		"unsigned and streaming payloads are not supported."}
	modes := []string{
		"", "UNSIGNED-PAYLOAD", "unsigned-payload",
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
		hexHash(nil), strings.ToUpper(hexHash([]byte(formBody))), "x",
	}
	for _, mode := range modes {
		for _, secret := range []string{testSecret, "wrong"} {
			t.Run(mode+"/"+secret[:5], func(t *testing.T) {
				// Signed as a client of that mode signs: the mode is the last
				// line of the canonical request.
				r := httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(formBody))
				r.Header.Set("Content-Type", formType)
				r.Header.Set("X-Amz-Content-Sha256", mode)
				signWithPayload(t, signer{secret: secret}, r, mode)
				mustFail(t, r, []byte(formBody), badHash)

				// Signed over the true hash, with the mode declared besides.
				r = httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(formBody))
				r.Header.Set("Content-Type", formType)
				r.Header.Set("X-Amz-Content-Sha256", mode)
				signHeader(t, signer{secret: secret}, r, []byte(formBody))
				mustFail(t, r, []byte(formBody), badHash)

				// In the query of a presigned request.
				r = presignedWith(t, signer{secret: secret}, httptest.NewRequest("POST", "http://localhost:8080/?X-Amz-Content-Sha256="+mode, nil), []byte(formBody))
				mustFail(t, r, []byte(formBody), badHash)

				// Meant, but not declared.
				if mode != "" {
					r = httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(formBody))
					r.Header.Set("Content-Type", formType)
					signWithPayload(t, signer{secret: secret}, r, mode)
					mustFail(t, r, []byte(formBody), doesNotMatch)
				}
			})
		}
	}
	t.Run("true hash, wrong secret", func(t *testing.T) {
		r := httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(formBody))
		r.Header.Set("X-Amz-Content-Sha256", hexHash([]byte(formBody)))
		signHeader(t, signer{secret: "wrong"}, r, []byte(formBody))
		mustFail(t, r, []byte(formBody), doesNotMatch)
	})
	t.Run("declared twice", func(t *testing.T) {
		r := httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(formBody))
		r.Header["X-Amz-Content-Sha256"] = []string{hexHash([]byte(formBody)), "UNSIGNED-PAYLOAD"}
		signHeader(t, signer{}, r, []byte(formBody))
		mustFail(t, r, []byte(formBody), Error{"IncompleteSignature", 400, "The header 'X-Amz-Content-Sha256' must be present only once."})
	})
}

// The identity of one place must never be verified with the signature of another.
func TestAttack34_SplitCredentials(t *testing.T) {
	const victim = "AKIDVICTIM%2F20150830%2Fus-east-1%2Fiam%2Faws4_request"
	missing := Error{"MissingAuthenticationToken", 403, "Request is missing Authentication Token"}
	both := Error{"SignatureDoesNotMatch", 403, ""}

	t.Run("neither", func(t *testing.T) {
		mustFail(t, httptest.NewRequest("POST", "http://localhost:8080/", nil), nil, missing)
	})
	t.Run("dates and tokens alone", func(t *testing.T) {
		r := httptest.NewRequest("GET", "http://localhost:8080/?X-Amz-Security-Token=a&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60", nil)
		r.Header.Set("X-Amz-Date", "20150830T123600Z")
		r.Header.Set("X-Amz-Security-Token", "a")
		mustFail(t, r, nil, missing)
	})
	t.Run("both, both valid", func(t *testing.T) {
		r := presigned(t, signer{}, "http://localhost:8080/?Action=ListUsers")
		signed := r.Clone(r.Context())
		signHeader(t, signer{}, signed, nil)
		r.Header.Set("Authorization", signed.Header.Get("Authorization"))
		mustFail(t, r, nil, both)
	})
	// Signed after the parameter was added, so that only the mixture is wrong.
	for _, query := range []string{
		"X-Amz-Credential=" + victim,
		"X%2DAmz%2DCredential=" + victim,
		"X-Amz-Algorithm=AWS4-HMAC-SHA256",
		"X-Amz-SignedHeaders=host",
		"X-Amz-Signature=" + strings.Repeat("0", 64),
		"X-Amz-Signature=",
		"X-Amz-Credential",
	} {
		t.Run("header with "+query, func(t *testing.T) {
			r := httptest.NewRequest("POST", "http://localhost:8080/?"+query, nil)
			signHeader(t, signer{}, r, nil)
			r.URL.RawQuery = query
			mustFail(t, r, nil, both)
		})
	}
	t.Run("credential in the query, signature in the header", func(t *testing.T) {
		a := goodAttempt(t)
		a.credential, a.query = "", "X-Amz-Credential="+victim
		mustFail(t, a.request(), nil, both)
	})
	t.Run("credential in the header, signature in the query", func(t *testing.T) {
		r := presigned(t, signer{}, "http://localhost:8080/?Action=ListUsers")
		setQuery(r, "X-Amz-Credential", "-")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDVICTIM/20150830/us-east-1/iam/aws4_request")
		mustFail(t, r, nil, both)
	})
	t.Run("credential in the query, an empty Authorization header", func(t *testing.T) {
		r := httptest.NewRequest("GET", "http://localhost:8080/?X-Amz-Credential="+victim, nil)
		r.Header["Authorization"] = []string{""}
		mustFail(t, r, nil, both)
	})
	t.Run("another's token with one's own signature", func(t *testing.T) {
		r := presigned(t, signer{token: "own"}, "http://localhost:8080/?Action=ListUsers")
		setQuery(r, "X-Amz-Security-Token", "victim")
		mustFail(t, r, nil, doesNotMatch)
	})
}

// A presigned URL forged without a key: no key, an empty key, and the key of an
// empty secret verify nothing, even what was signed with them.
func TestAttack36_PresignedWithoutKey(t *testing.T) {
	const list = "?Action=ListUsers&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fiam%2Faws4_request" +
		"&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
	noSignature := Error{"IncompleteSignature", 400, "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."}
	mustFail(t, httptest.NewRequest("GET", "http://localhost:8080/"+list, nil), nil, noSignature)
	mustFail(t, httptest.NewRequest("GET", "http://localhost:8080/"+list+"&X-Amz-Signature=", nil), nil, noSignature)
	for _, forged := range []string{"x", strings.Repeat("0", 64), strings.Repeat("f", 64), hexHash(nil)} {
		mustFail(t, httptest.NewRequest("GET", "http://localhost:8080/"+list+"&X-Amz-Signature="+forged, nil), nil, doesNotMatch)
	}

	// What a forger can compute who has no secret: the HMAC chain of "".
	r := presignedWithEmptySecret(t)
	s, err := Parse(r, nil, served, testTime)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{
		"nil":                 nil,
		"empty":               {},
		"of an empty secret":  SigningKey("", s.Date, s.Region, s.Service),
		"short":               SigningKey(testSecret, s.Date, s.Region, s.Service)[:31],
		"zero":                make([]byte, 32),
		"of another secret":   SigningKey("other", s.Date, s.Region, s.Service),
		"of the right secret": SigningKey(testSecret, s.Date, s.Region, s.Service),
	} {
		t.Run(name, func(t *testing.T) { wantError(t, s.Verify(key), doesNotMatch) })
	}
	// The same forgery with the keys a careless caller might pass.
	for _, key := range [][]byte{nil, {}, []byte("AWS4"), SigningKey(testSecret, s.Date, s.Region, s.Service)[:31]} {
		forged := *s
		forged.signature = hexString(chain(key, "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"+hexString(s.requestHash[:])))
		wantError(t, forged.Verify(key), doesNotMatch)
	}
	t.Run("a Signature that was never parsed", func(t *testing.T) {
		wantError(t, new(Signature).Verify(make([]byte, 32)), doesNotMatch)
	})
}

// presignedWithEmptySecret has the SDK presign with the empty secret, and proves
// that the forgery is sound: only the refusal of empty secrets stands against it.
func presignedWithEmptySecret(t *testing.T) *http.Request {
	t.Helper()
	r := presignEmpty(t, "http://localhost:8080/?Action=ListUsers&X-Amz-Expires=60")
	s, err := Parse(r, nil, served, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(chain([]byte("AWS4"), s.Date, s.Region, s.Service, "aws4_request")); err != nil {
		t.Fatalf("the forged signature is not one of the empty secret: %v", err)
	}
	return r
}
