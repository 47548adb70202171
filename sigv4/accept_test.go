package sigv4

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What well-behaved clients send is accepted.
func TestAccepted(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T) (*http.Request, []byte)
		want Signature
	}{
		{"form, long-term key", func(t *testing.T) (*http.Request, []byte) {
			return signedForm(t, signer{}, formBody)
		}, Signature{Region: "us-east-1", Service: "iam"}},
		{"form, session token", func(t *testing.T) (*http.Request, []byte) {
			return signedForm(t, signer{token: longToken}, formBody)
		}, Signature{Region: "us-east-1", Service: "iam", SessionToken: longToken}},
		{"another region, sts", func(t *testing.T) (*http.Request, []byte) {
			return signedForm(t, signer{region: "eu-west-1", service: "sts"}, formBody)
		}, Signature{Region: "eu-west-1", Service: "sts"}},
		{"a region of one's own", func(t *testing.T) (*http.Request, []byte) {
			return signedForm(t, signer{region: "Home-1"}, formBody)
		}, Signature{Region: "Home-1", Service: "iam"}},
		{"empty body", func(t *testing.T) (*http.Request, []byte) {
			return signedForm(t, signer{}, "")
		}, Signature{Region: "us-east-1", Service: "iam"}},
		{"GET with a query, signed in the header", func(t *testing.T) (*http.Request, []byte) {
			r := httptest.NewRequest("GET", "http://iam.example.com/?Action=ListUsers&PathPrefix=%2Fa%20b%2F&Version=2010-05-08", nil)
			signHeader(t, signer{}, r, nil)
			return r, nil
		}, Signature{Region: "us-east-1", Service: "iam"}},
		{"the payload hash declared, a browser's user agent", func(t *testing.T) (*http.Request, []byte) {
			r := httptest.NewRequest("POST", "http://iam.example.com/", strings.NewReader(formBody))
			r.Header.Set("Content-Type", formType)
			r.Header.Set("X-Amz-Content-Sha256", hexHash([]byte(formBody)))
			r.Header.Set("X-Amz-User-Agent", "aws-sdk-js/3.0.0  ua/2.1")
			signHeader(t, signer{}, r, []byte(formBody))
			return r, []byte(formBody)
		}, Signature{Region: "us-east-1", Service: "iam"}},
		{"commas without blanks, another order", func(t *testing.T) (*http.Request, []byte) {
			r, body := signedForm(t, signer{}, formBody)
			alg, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			f := strings.Split(rest, ", ")
			r.Header.Set("Authorization", alg+"  "+f[2]+","+f[1]+" ,\t"+f[0])
			return r, body
		}, Signature{Region: "us-east-1", Service: "iam"}},
		{"unsigned headers that proxies and SDKs add", func(t *testing.T) (*http.Request, []byte) {
			r, body := signedForm(t, signer{}, formBody)
			r.Header.Set("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
			r.Header.Set("X-Forwarded-For", "192.0.2.1")
			r.Header.Set("User-Agent", "aws-cli/2.32.0")
			r.Header.Add("Accept-Encoding", "gzip")
			r.Header.Add("Accept-Encoding", "identity")
			return r, body
		}, Signature{Region: "us-east-1", Service: "iam"}},
		{"presigned GET", func(t *testing.T) (*http.Request, []byte) {
			return presigned(t, signer{service: "sts"}, "http://localhost:8080/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=900"), nil
		}, Signature{Region: "us-east-1", Service: "sts", Presigned: true}},
		{"presigned without an expiry", func(t *testing.T) (*http.Request, []byte) {
			return presigned(t, signer{service: "sts"}, "http://localhost:8080/?Action=GetCallerIdentity&Version=2011-06-15"), nil
		}, Signature{Region: "us-east-1", Service: "sts", Presigned: true}},
		{"presigned with the longest expiry", func(t *testing.T) (*http.Request, []byte) {
			return presigned(t, signer{service: "sts"}, "http://localhost:8080/?Action=GetCallerIdentity&X-Amz-Expires=604800"), nil
		}, Signature{Region: "us-east-1", Service: "sts", Presigned: true}},
		{"presigned, session token, a signed header", func(t *testing.T) (*http.Request, []byte) {
			r := httptest.NewRequest("GET", "http://localhost:8080/?Action=GetCallerIdentity&Version=2011-06-15", nil)
			r.Header.Set("X-K8s-Aws-Id", "cluster")
			return presignedWith(t, signer{service: "sts", token: longToken}, r, nil), nil
		}, Signature{Region: "us-east-1", Service: "sts", SessionToken: longToken, Presigned: true}},
		{"presigned POST with a body", func(t *testing.T) (*http.Request, []byte) {
			r := httptest.NewRequest("POST", "http://localhost:8080/?X-Amz-Expires=60", strings.NewReader(formBody))
			r.Header.Set("Content-Type", formType)
			return presignedWith(t, signer{}, r, []byte(formBody)), []byte(formBody)
		}, Signature{Region: "us-east-1", Service: "iam", Presigned: true}},
		{"presigned with the payload hash in the query", func(t *testing.T) (*http.Request, []byte) {
			return presigned(t, signer{}, "http://localhost:8080/?Action=ListUsers&X-Amz-Content-Sha256="+hexHash(nil)), nil
		}, Signature{Region: "us-east-1", Service: "iam", Presigned: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, body := test.make(t)
			if !Signed(r) {
				t.Error("Signed is false")
			}
			s := mustPass(t, r, body)
			got := Signature{Region: s.Region, Service: s.Service, SessionToken: s.SessionToken, Presigned: s.Presigned}
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if s.AccessKeyID != testKeyID || s.Date != "20150830" || !s.Time.Equal(testTime) {
				t.Errorf("got %q, %q, %v", s.AccessKeyID, s.Date, s.Time)
			}
		})
	}
}

// A Date header may stand in for X-Amz-Date, in ISO 8601 or an HTTP form. The
// SDK always sends X-Amz-Date, so these are signed by hand.
func TestDateHeader(t *testing.T) {
	for _, date := range []string{
		"20150830T123600Z",
		"Sun, 30 Aug 2015 12:36:00 GMT",
		"Sunday, 30-Aug-15 12:36:00 GMT",
		"Sun Aug 30 12:36:00 2015",
	} {
		t.Run(date, func(t *testing.T) {
			r := httptest.NewRequest("GET", "http://localhost:8080/", nil)
			r.Header.Set("Date", date)
			r.Header.Set("Authorization", signByHand("date;host", "GET\n/\n\ndate:"+date+"\nhost:localhost:8080\n\ndate;host\n"+hexHash(nil)))
			if s := mustPass(t, r, nil); !s.Time.Equal(testTime) {
				t.Errorf("signed at %v", s.Time)
			}
			r.Header.Set("Date", "Sun, 30 Aug 2015 12:36:01 GMT")
			mustFail(t, r, nil, doesNotMatch)
		})
	}
}

// The window is fifteen minutes either way, to the second, both ends included.
func TestSkew(t *testing.T) {
	tests := []struct {
		url  string // presigned when not empty
		late time.Duration
		want string
	}{
		{"", 15 * time.Minute, ""},
		{"", 15*time.Minute + 999*time.Millisecond, ""},
		{"", 15*time.Minute + time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
		{"", -15 * time.Minute, ""},
		{"", -15*time.Minute - time.Second, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"},
		{"", -15*time.Minute - time.Millisecond, "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"},
		{"?X-Amz-Expires=604800", 15 * time.Minute, ""},
		{"?X-Amz-Expires=604800", 15*time.Minute + time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
		{"?X-Amz-Expires=61", 61 * time.Second, ""},
		{"?X-Amz-Expires=61", 62 * time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123702Z - 61 sec.)"},
		{"?X-Amz-Expires=1", 2 * time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123602Z - 1 sec.)"},
		{"?X-Amz-Expires=1", -15 * time.Minute, ""},
		{"?Action=X", 15*time.Minute + time.Second, "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"},
	}
	for _, test := range tests {
		t.Run(test.url+" "+test.late.String(), func(t *testing.T) {
			var r *http.Request
			var body []byte
			if test.url == "" {
				r, body = signedForm(t, signer{}, formBody)
			} else {
				r = presigned(t, signer{}, "http://localhost:8080/"+test.url)
			}
			// The zone of the server's clock must not matter.
			now := testTime.Add(test.late).In(time.FixedZone("", 3*60*60))
			_, err := check(r, body, now)
			if test.want != "" {
				wantError(t, err, Error{"SignatureDoesNotMatch", 403, test.want})
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSigned(t *testing.T) {
	tests := []struct {
		target, authorization string
		want                  bool
	}{
		{"/", "", false},
		{"/?Action=ListUsers&Version=2010-05-08", "", false},
		{"/?x-amz-signature=a&Signature=b", "", false},
		{"/", "Bearer abc", false},
		{"/", "AWS4-HMAC-SHA256 Credential=x", true},
		{"/", "AWS4-ECDSA-P256-SHA256 Credential=x", true},
		{"/", "aws4-hmac-sha256", true},
		{"/", "AWS AKID:abc=", true},
		{"/?X-Amz-Algorithm=x", "", true},
		{"/?a=b&X-Amz-Signature", "", true},
		{"/?X-Amz-Credential=%zz", "", true},
		{"/?X%2dAmz-Signature=1", "", true},
		{"/?X-Amz-SignedHeaders=&", "", true},
		{"/?X-Amz-Security-Token=abc", "", true},
		{"/?%zz=1", "", false},
	}
	for _, test := range tests {
		r := httptest.NewRequest("GET", test.target, nil)
		if test.authorization != "" {
			r.Header.Set("Authorization", test.authorization)
		}
		if got := Signed(r); got != test.want {
			t.Errorf("%s, %q: got %v", test.target, test.authorization, got)
		}
	}
}
