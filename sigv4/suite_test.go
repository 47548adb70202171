package sigv4

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The facts of the public AWS signing test suite: the request as received, the
// headers it signs, and the signature under the suite's credentials, date and
// scope (20150830/us-east-1/service).
var suite = []struct {
	name      string
	request   string // header lines between Host and X-Amz-Date, method and target first
	body      string
	signed    string
	signature string
	rawPath   bool // the SDK must be told not to encode the path again
}{
	{
		name:      "get-vanilla",
		request:   "GET / HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
	},
	{
		name:      "post-vanilla",
		request:   "POST / HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
	},
	{
		name:      "get-unreserved",
		request:   "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
	},
	{
		name:      "get-utf8",
		request:   "GET /ሴ HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
		rawPath:   true,
	},
	{
		name:    "path with escapes is encoded twice",
		request: "GET /a%20b/%E1%88%B4 HTTP/1.1",
		signed:  "host;x-amz-date",
	},
	{
		name:      "get-vanilla-query",
		request:   "GET /? HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
	},
	{
		name:      "get-vanilla-empty-query-key",
		request:   "GET /?Param1=value1 HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
	},
	{
		name:      "get-vanilla-query-order-key-case",
		request:   "GET /?Param2=value2&Param1=value1 HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
	},
	{
		name:      "get-vanilla-utf8-query",
		request:   "GET /?ሴ=bar HTTP/1.1",
		signed:    "host;x-amz-date",
		signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
	},
	{
		name:    "query sorted after encoding, empty values, blanks and plus",
		request: "GET /?b-c=1&b%3Ac=2&a&A=&z=x+y%2B HTTP/1.1",
		signed:  "host;x-amz-date",
	},
	{
		name:      "get-header-key-duplicate",
		request:   "GET / HTTP/1.1\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1",
		signed:    "host;my-header1;x-amz-date",
		signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
	},
	{
		name:      "get-header-value-order",
		request:   "GET / HTTP/1.1\nMy-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2",
		signed:    "host;my-header1;x-amz-date",
		signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
	},
	{
		name:      "get-header-value-trim",
		request:   "GET / HTTP/1.1\nMy-Header1: value1\nMy-Header2: \"a   b   c\"",
		signed:    "host;my-header1;my-header2;x-amz-date",
		signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
	},
	{
		name:    "get-header-value-multiline",
		request: "GET / HTTP/1.1\nMy-Header1:value1\n  value2\n     value3",
		signed:  "host;my-header1;x-amz-date",
	},
	{
		name:      "post-header-key-sort",
		request:   "POST / HTTP/1.1\nMy-Header1:value1",
		signed:    "host;my-header1;x-amz-date",
		signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
	},
	{
		name:      "post-header-value-case",
		request:   "POST / HTTP/1.1\nMy-Header1:VALUE1",
		signed:    "host;my-header1;x-amz-date",
		signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
	},
	{
		name:      "post-sts-header-before",
		request:   "POST / HTTP/1.1\nX-Amz-Security-Token:AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
		signed:    "host;x-amz-date;x-amz-security-token",
		signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
	},
	{
		name:      "post-x-www-form-urlencoded",
		request:   "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded",
		body:      "Param1=value1",
		signed:    "content-type;host;x-amz-date",
		signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
	},
	{
		name:      "post-x-www-form-urlencoded-parameters",
		request:   "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded; charset=utf8",
		body:      "Param1=value1",
		signed:    "content-type;host;x-amz-date",
		signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
	},
}

// received reads a request of the suite as a server would.
func received(t testing.TB, lines string) *http.Request {
	t.Helper()
	first, rest, _ := strings.Cut(lines, "\n")
	text := first + "\nHost:example.amazonaws.com\n"
	if rest != "" {
		text += rest + "\n"
	}
	text += "X-Amz-Date:20150830T123600Z\n\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSuite(t *testing.T) {
	for _, test := range suite {
		t.Run(test.name, func(t *testing.T) {
			// What the SDK's signer, which shares no code with this package,
			// computes for the same request.
			bySDK := received(t, test.request)
			bySDK.ContentLength = 0
			err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = test.rawPath }).
				SignHTTP(context.Background(), signer{}.defaults().credentials(), bySDK, hexHash([]byte(test.body)), "service", "us-east-1", testTime)
			if err != nil {
				t.Fatal(err)
			}
			authorization := bySDK.Header.Get("Authorization")
			signature := authorization[strings.LastIndexByte(authorization, '=')+1:]
			if test.signature != "" && signature != test.signature {
				t.Errorf("the SDK signs %s, the suite says %s", signature, test.signature)
			}
			if !strings.Contains(authorization, "SignedHeaders="+test.signed+",") {
				t.Errorf("the SDK signs other headers: %s", authorization)
			}

			r := received(t, test.request)
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="+
				test.signed+", Signature="+signature)
			s, err := Parse(r, []byte(test.body), []string{"service"}, testTime)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(SigningKey(testSecret, s.Date, s.Region, s.Service)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The canonical request spelled out, so that a failure of TestSuite can be read.
func TestCanonicalRequest(t *testing.T) {
	r := received(t, "POST /a%2Fb//c/../d;x=1?z=%7e&b=%c3%a9&b-=&&a=1+2 HTTP/1.1\nContent-Type:  text/plain;   q=1 \t\nMy-List: a \nMy-List:  b  c")
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	got, err := appendCanonicalRequest(nil, r, query, "content-length;content-type;host;my-list;x-amz-date", 5)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"POST",
		"/a%252Fb//c/../d%3Bx%3D1",
		"a=1%202&b=%C3%A9&b-=&z=~",
		"content-length:5",
		"content-type:text/plain; q=1",
		"host:example.amazonaws.com",
		"my-list:a,b c",
		"x-amz-date:20150830T123600Z",
		"",
		"content-length;content-type;host;my-list;x-amz-date",
		"",
	}, "\n")
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A target without a path ("GET http://host?x HTTP/1.1") is signed as "/".
func TestEmptyPath(t *testing.T) {
	r := httptest.NewRequest("GET", "http://localhost:8080/?Action=ListUsers", nil)
	signHeader(t, signer{}, r, nil)
	r.URL.Path = ""
	mustPass(t, r, nil)
}

// The IAM User Guide's worked derivation: the published key of its example.
func TestSigningKey(t *testing.T) {
	got := hexString(SigningKey(testSecret, "20150830", "us-east-1", "iam"))
	if want := "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if key := SigningKey("", "20150830", "us-east-1", "iam"); key != nil {
		t.Error("a key was derived from an empty secret")
	}
}

// A real connection: what net/http's client and server do to headers must not
// break a signature, with a length, chunked, over HTTP/1.1.
func TestOverTheWire(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		var got error
		srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, got = check(r, body, testTime)
		})
		r, err := http.NewRequest("POST", srv.URL+"/", strings.NewReader(formBody))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formType)
		signHeader(t, signer{token: longToken}, r, []byte(formBody))
		if !strings.Contains(r.Header.Get("Authorization"), "content-length;") {
			t.Fatal("content-length is not signed")
		}
		if chunked {
			r.ContentLength = -1
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got != nil {
			t.Errorf("chunked %v: %v", chunked, got)
		}
	}
}
