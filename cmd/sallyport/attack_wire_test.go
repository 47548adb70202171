package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestAttack33_PayloadModesWithAWrongSecret(t *testing.T) {
	s := newServer(t)
	root := s.root()
	forged := aws.Credentials{AccessKeyID: root.AccessKeyID, SecretAccessKey: strings.Repeat("x", 40)}
	before := s.fingerprint()
	modes := []string{
		"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
		"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
		"unsigned-payload", "", " ", "required", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
	body := call("CreateUser", "UserName", "mallory")
	for _, mode := range append(modes, hashOf(body), strings.ToUpper(hashOf(body)), hashOf(hashOf(body))) {
		for _, with := range []struct {
			name string
			aws.Credentials
		}{
			{"a wrong secret", forged},
			{"an empty secret", aws.Credentials{AccessKeyID: root.AccessKeyID, SecretAccessKey: " "}},
			{"the right secret, another body", root},
		} {
			r := s.post(body)
			r.Header.Set("X-Amz-Content-Sha256", mode)
			hash := mode
			if hash == "" {
				hash = hashOf(body)
			}
			signed := body
			if with.AccessKeyID == root.AccessKeyID && with.SecretAccessKey == root.SecretAccessKey {
				if mode == hashOf(body) {
					continue // that is simply right
				}
				signed = call("GetUser")
				if hash == hashOf(body) {
					hash = hashOf(signed)
				}
			}
			if err := v4.NewSigner().SignHTTP(t.Context(), with.Credentials, r, hash, "iam", "us-east-1", time.Now()); err != nil {
				t.Fatal(err)
			}
			if a := s.send(r); a.status != 403 || a.code != "SignatureDoesNotMatch" {
				t.Errorf("%q with %s: %d %s", mode, with.name, a.status, a.body)
			}
		}
	}
	for _, mode := range modes {
		raw, err := url.Parse(s.presign(forged, "iam", body))
		s.must("presign", err)
		r, err := http.NewRequest(http.MethodGet, raw.String()+"&X-Amz-Content-Sha256="+escape(mode), nil)
		s.must("request", err)
		if a := s.send(r); a.status != 403 || a.code != "SignatureDoesNotMatch" {
			t.Errorf("presigned %q: %d %s", mode, a.status, a.body)
		}
	}
	if s.fingerprint() != before {
		t.Error("a forged request has changed something")
	}
}

func TestAttack34_SplitCredentials(t *testing.T) {
	s := newServer(t)
	root := s.root()
	eve := s.user("eve", "")
	body := call("CreateUser", "UserName", "mallory")
	before := s.fingerprint()

	query := func(signedURL string) string { u, _ := url.Parse(signedURL); return u.RawQuery }
	header := func(c aws.Credentials, target string) *http.Request {
		r, err := http.NewRequest(http.MethodGet, target, nil)
		s.must("request", err)
		return s.sign(r, c, "iam", "")
	}
	rootsCredential := "X-Amz-Credential=" + escape(root.AccessKeyID+"/"+time.Now().UTC().Format("20060102")+"/us-east-1/iam/aws4_request")
	stamp := time.Now().UTC().Format("20060102T150405Z")
	for _, try := range []struct {
		name string
		r    *http.Request
	}{
		{"her own, whole, which allows nothing", header(eve, s.url+"/?"+body)},
		{"both, whole", func() *http.Request {
			r := header(eve, s.url+"/?"+body)
			r.URL.RawQuery = query(s.presign(eve, "iam", body))
			return r
		}()},
		{"both, signed by the header", header(eve, s.presign(eve, "iam", body))},
		{"credential in the query, the rest in the header", header(eve, s.url+"/?"+body+"&"+rootsCredential)},
		{"credential and algorithm in the query", header(eve, s.url+"/?"+body+"&X-Amz-Algorithm=AWS4-HMAC-SHA256&"+rootsCredential)},
		{"whole query but the signature, which is the header's", header(eve, s.url+"/?"+body+"&X-Amz-Algorithm=AWS4-HMAC-SHA256&"+rootsCredential+
			"&X-Amz-Date="+stamp+"&X-Amz-SignedHeaders=host")},
		{"a signature in the query only", func() *http.Request {
			r := header(eve, s.url+"/?"+body)
			r.URL.RawQuery += "&X-Amz-Signature=" + strings.Repeat("0", 64)
			return r
		}()},
		{"two Authorization headers", func() *http.Request {
			r := s.sign(s.post(body), eve, "iam", body)
			other := s.sign(s.post(body), aws.Credentials{AccessKeyID: root.AccessKeyID, SecretAccessKey: "x"}, "iam", body)
			r.Header.Add("Authorization", other.Header.Get("Authorization"))
			return r
		}()},
		{"two credentials in one header", func() *http.Request {
			r := s.sign(s.post(body), eve, "iam", body)
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Credential=",
				"Credential="+root.AccessKeyID+"/"+stamp[:8]+"/us-east-1/iam/aws4_request, Credential=", 1))
			return r
		}()},
		{"parameters in query and body", func() *http.Request {
			r := s.post(call("GetUser"))
			r.URL.RawQuery = body
			return s.sign(r, root, "iam", call("GetUser"))
		}()},
		{"token in the query, signature in the header", header(eve, s.url+"/?"+body+"&X-Amz-Security-Token=abc")},
		{"token in the header, signature in the query", func() *http.Request {
			r, err := http.NewRequest(http.MethodGet, s.presign(eve, "iam", body), nil)
			s.must("request", err)
			r.Header.Set("X-Amz-Security-Token", "abc")
			return r
		}()},
	} {
		if a := s.send(try.r); a.status/100 != 4 || a.code == "" {
			t.Errorf("%s: %d %s", try.name, a.status, a.body)
		}
	}
	unsigned := s.get(s.url + "/?" + body)
	if unsigned.code != "MissingAuthenticationToken" || unsigned.status != 403 {
		t.Errorf("no signature at all: %d %s", unsigned.status, unsigned.body)
	}
	if s.fingerprint() != before {
		t.Error("a request with split credentials has changed something")
	}
}

func TestAttack36_PresignedWithoutAKey(t *testing.T) {
	s := newServer(t)
	root := s.root()
	body := call("CreateUser", "UserName", "mallory")
	before := s.fingerprint()
	good, err := url.Parse(s.presign(root, "iam", body))
	s.must("presign", err)
	change := func(edit func(url.Values)) string {
		q := good.Query()
		edit(q)
		return s.url + "/?" + q.Encode()
	}
	set := func(name, value string) string { return change(func(q url.Values) { q.Set(name, value) }) }
	drop := func(name string) string { return change(func(q url.Values) { q.Del(name) }) }
	scope := func(key string) string {
		return key + strings.TrimPrefix(good.Query().Get("X-Amz-Credential"), root.AccessKeyID)
	}
	forged := []string{
		s.presign(aws.Credentials{AccessKeyID: root.AccessKeyID, SecretAccessKey: "x"}, "iam", body),
		s.presign(aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, "iam", body),
		set("X-Amz-Signature", strings.Repeat("0", 64)), set("X-Amz-Signature", ""), set("X-Amz-Signature", "null"), drop("X-Amz-Signature"),
		set("X-Amz-Signature", strings.ToUpper(good.Query().Get("X-Amz-Signature"))),
		set("X-Amz-Credential", scope("")), set("X-Amz-Credential", scope("null")), set("X-Amz-Credential", scope(accountID)),
		set("X-Amz-Credential", ""), drop("X-Amz-Credential"),
		drop("X-Amz-Algorithm"), set("X-Amz-Algorithm", "none"), set("X-Amz-Algorithm", ""), set("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256"),
		set("X-Amz-SignedHeaders", ""), drop("X-Amz-SignedHeaders"), drop("X-Amz-Date"),
		set("X-Amz-Date", time.Now().Add(-time.Hour).UTC().Format("20060102T150405Z")),
		set("X-Amz-Expires", "604800"), set("X-Amz-Expires", "-1"), set("X-Amz-Expires", "99999999999999999999"),
		set("UserName", "another"), set("Action", "DeleteUser"), set("Extra", "1"),
		set("X-Amz-Security-Token", "x"), set("X-Amz-Security-Token", ""),
	}
	for _, target := range forged {
		if a := s.get(target); a.status/100 != 4 || a.code == "" {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	if s.fingerprint() != before {
		t.Error("a forged presigned request has changed something")
	}
	if a := s.get(good.String()); a.status != 200 {
		t.Errorf("the request as it was presigned: %d %s", a.status, a.body)
	}
}

func TestAttack37_DuplicateOrCaseVariantParameters(t *testing.T) {
	s := newServer(t)
	root := s.root()
	before := s.fingerprint()
	for _, body := range []string{
		"Action=GetUser&Action=CreateUser&UserName=mallory&Version=" + iamVersion,
		"Action=CreateUser&Action=CreateUser&UserName=mallory&Version=" + iamVersion,
		"Action=GetUser&action=CreateUser&UserName=mallory&Version=" + iamVersion,
		"action=CreateUser&UserName=mallory&Version=" + iamVersion,
		"ACTION=CreateUser&UserName=mallory&Version=" + iamVersion,
		"Action=GetUser&%41ction=CreateUser&UserName=mallory&Version=" + iamVersion,
		"Action=CreateUser&UserName=mallory&UserName=eve&Version=" + iamVersion,
		"Action=CreateUser&UserName=mallory&User%4eame=eve&Version=" + iamVersion,
		"Action=CreateUser&UserName=mallory&Version=" + iamVersion + "&Version=" + stsVersion,
		"Action=CreateUser&UserName=mallory&version=" + iamVersion,
		"Action=CreateUser&UserName=mallory&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.01.Key=b&Tags.member.01.Value=2&Version=" + iamVersion,
		"Action=CreateUser&UserName=mallory&UserName.member.1=eve&Version=" + iamVersion,
		"Action=CreateUser;UserName=mallory&Version=" + iamVersion,
		"Action=CreateUser&UserName.=mallory&Version=" + iamVersion,
		"Action=CreateUser&username=mallory&Version=" + iamVersion,
	} {
		if a := s.signedCall(root, body); a.status != 400 || a.code == "" {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	for _, query := range []string{
		"Action=GetUser&Action=CreateUser&UserName=mallory&Version=" + iamVersion,
		"Action=GetUser&action=CreateUser&UserName=mallory&Version=" + iamVersion,
	} {
		r, err := http.NewRequest(http.MethodGet, s.url+"/?"+query, nil)
		s.must("request", err)
		if a := s.send(s.sign(r, root, "iam", "")); a.status/100 != 4 || a.code == "" {
			t.Errorf("GET %s: %d %s", query, a.status, a.body)
		}
	}
	// A second X-Amz-Credential is another identity in the same request.
	twice := s.presign(root, "iam", call("CreateUser", "UserName", "mallory"))
	if a := s.get(twice + "&X-Amz-Credential=" + escape("AKIAIOSFODNN7EXAMPLE/20200101/us-east-1/iam/aws4_request")); a.status/100 != 4 {
		t.Errorf("two credentials: %d %s", a.status, a.body)
	}
	if s.fingerprint() != before {
		t.Error("an ambiguous request has changed something")
	}
}

// Nothing here needs a valid signature: the bounds come first.
func TestAttack45_FormBombBeforeAuthentication(t *testing.T) {
	s := newServer(t)
	root := s.root()
	version := "&Version=" + iamVersion
	nested := func(depth int) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":` +
			strings.Repeat(`{"a":`, depth) + `1` + strings.Repeat(`}`, depth) + `}]}`
	}
	var parameters, list strings.Builder
	for i := range 1100 {
		fmt.Fprintf(&parameters, "&P%d=x", i)
		fmt.Fprintf(&list, "&Tags.member.%d.Key=k%d", i+1, i)
	}
	before := s.fingerprint()
	for _, bomb := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"many parameters", "Action=CreateUser&UserName=x" + parameters.String() + version, 400, "MalformedInput"},
		{"a list of 1100", "Action=CreateUser&UserName=x" + list.String() + version, 400, "MalformedInput"},
		{"only separators", strings.Repeat("&", 500<<10), 403, "MissingAuthenticationToken"},
		{"only equals", strings.Repeat("=&", 250<<10), 400, "MalformedInput"},
		{"a name of 400 KB", strings.Repeat("n", 400<<10) + "=1", 400, "MalformedInput"},
		{"a name of 100,000 parts", strings.Repeat("a.", 100_000) + "a=1", 400, "MalformedInput"},
		{"a name of 11 parts", strings.Repeat("a.", 10) + "a=1", 400, "MalformedInput"},
		{"a body over the bound", "Action=" + strings.Repeat("x", 512<<10), 413, "RequestEntityTooLarge"},
		{"a body of 50 MB", "Action=" + strings.Repeat("x", 50<<20), 413, "RequestEntityTooLarge"},
		{"broken escapes", strings.Repeat("%", 100<<10) + "=1", 400, "MalformedInput"},
	} {
		r := s.post(bomb.body)
		if bomb.status == 413 {
			r.Header.Set("Expect", "100-continue") // the refusal comes before the body
		}
		if a := s.send(r); a.status != bomb.status || a.code != bomb.code {
			t.Errorf("%s, unsigned: %d %s", bomb.name, a.status, a.body)
		}
	}
	chunked := s.post("")
	chunked.Body, chunked.ContentLength = endless{}, -1
	chunked.Header.Set("Expect", "100-continue")
	if response, err := connections.RoundTrip(chunked); err == nil {
		response.Body.Close()
		if response.StatusCode != 413 {
			t.Errorf("an endless chunked body: %d", response.StatusCode)
		}
	} // else the server has hung up on it, which is right, too

	// And what a signature lets further in.
	for _, bomb := range []struct{ name, body string }{
		{"sparse list", "Action=CreateUser&UserName=x&Tags.member.2000000000.Key=a&Tags.member.2000000000.Value=b" + version},
		{"index overflow", "Action=CreateUser&UserName=x&Tags.member.99999999999999999999.Key=a" + version},
		{"a policy 9 deep", call("PutUserPolicy", "UserName", "x", "PolicyName", "p", "PolicyDocument", nested(9))},
		{"a policy 10,000 deep", call("PutUserPolicy", "UserName", "x", "PolicyName", "p", "PolicyDocument", nested(10_000))},
		{"a policy of brackets", call("CreatePolicy", "PolicyName", "p", "PolicyDocument", strings.Repeat("[", 130_000))},
		{"a policy of 131,073 characters", call("CreatePolicy", "PolicyName", "p", "PolicyDocument", strings.Repeat(" ", 131_073))},
		{"a policy of wildcards", call("CreatePolicy", "PolicyName", "p", "PolicyDocument",
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"`+strings.Repeat("*?", 50_000)+`","Resource":"*"}]}`)},
	} {
		if a := s.signedCall(root, bomb.body); a.status/100 != 4 || a.code == "" {
			t.Errorf("%s: %d %s", bomb.name, a.status, a.body)
		}
	}
	_, err := s.iam(root).SimulatePrincipalPolicy(t.Context(), &awsiam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String("arn:aws:iam::" + accountID + ":user/x"), ActionNames: []string{"iam:*"},
	})
	s.refused("an operation that is not served", err, "InvalidAction")
	if s.fingerprint() != before {
		t.Error("a bomb has changed something")
	}
	if used := s.metric("go_memstats_heap_alloc_bytes"); used > 64<<20 {
		t.Errorf("afterwards the server's heap has %.0f MiB, want less than 64", used/(1<<20))
	}
}

// Policies whose matching could take exponential time in a naive matcher are answered like any other.
func TestAttack45_WildcardBombIsEvaluated(t *testing.T) {
	s := newServer(t)
	key := s.user(strings.Repeat("a", 60)+"b", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/`+
		strings.Repeat("*a", 400)+`c"}]}`)
	_, err := s.iam(key).GetUser(t.Context(), nil)
	s.refused("GetUser", err, "AccessDenied")
}

// endless is a body without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func (endless) Close() error { return nil }
