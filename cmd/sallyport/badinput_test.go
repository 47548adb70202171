package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sallyport-iam/sallyport/mfa"
	"github.com/sallyport-iam/sallyport/seal"
)

// Every request here is signed by root, who may do everything, so that nothing but the input is refused.
func TestBadInput_IsAnsweredAndChangesNothing(t *testing.T) {
	s := newServer(t)
	m := s.member("alice")
	s.oneWindow(m.serial)
	s.role("role", trusts("arn:aws:iam::"+accountID+":root"))
	session, err := s.signIn(m, m.code(0))
	s.must("GetSessionToken", err)
	s.setState(m.serial, func(state *mfa.State) { state.Budget.Attempts = 0 })

	const version = "&Version=" + iamVersion
	sts := func(action string, parameters ...string) string {
		return strings.Replace(call(action, parameters...), iamVersion, stsVersion, 1)
	}
	policyOf := func(statement string) string { return `{"Version":"2012-10-17","Statement":[` + statement + `]}` }
	put := func(document string) string {
		return call("PutUserPolicy", "UserName", "alice", "PolicyName", "p", "PolicyDocument", document)
	}
	enable := func(first, second string) string {
		return call("ResyncMFADevice", "UserName", "alice", "SerialNumber", m.serial, "AuthenticationCode1", first, "AuthenticationCode2", second)
	}
	code := m.code(1)
	arabic := strings.Map(func(c rune) rune { return '٠' + c - '0' }, code)

	tests := []struct {
		name, service, body string
		status              int
		code                string
	}{
		// Action and Version
		{"no action", "iam", "UserName=x" + version, 400, "MissingAction"},
		{"empty action", "iam", "Action=" + version, 400, "MissingAction"},
		{"empty body", "iam", "", 400, "MissingAction"},
		{"unknown action", "iam", "Action=MakeCoffee" + version, 400, "InvalidAction"},
		{"action in another case", "iam", "Action=createuser&UserName=x" + version, 400, "InvalidAction"},
		{"action with a blank", "iam", "Action=CreateUser+&UserName=x" + version, 400, "InvalidAction"},
		{"action with a null", "iam", "Action=CreateUser%00&UserName=x" + version, 400, "InvalidAction"},
		{"action of noise", "iam", "Action=" + strings.Repeat("%ff", 1000) + version, 400, "MalformedInput"},
		{"action of 100 KB", "iam", "Action=" + strings.Repeat("A", 100<<10) + version, 400, "InvalidAction"},
		{"action twice", "iam", "Action=GetUser&Action=CreateUser&UserName=x" + version, 400, "MalformedInput"},
		{"not served yet", "iam", "Action=CreateSAMLProvider&Name=x" + version, 400, "InvalidAction"},
		{"another service's action", "iam", "Action=GetCallerIdentity" + version, 400, "InvalidAction"},
		{"local command's action", "iam", "Action=ResetRootMFA" + version, 400, "InvalidAction"},
		{"no version", "iam", "Action=CreateUser&UserName=x", 400, "InvalidAction"},
		{"wrong version", "iam", "Action=CreateUser&UserName=x&Version=2010-05-09", 400, "InvalidAction"},
		{"another service's version", "iam", "Action=CreateUser&UserName=x&Version=" + stsVersion, 400, "InvalidAction"},
		{"signed for the other service", "sts", "Action=CreateUser&UserName=x" + version, 400, "InvalidAction"},

		// Forms
		{"parameter without a name", "iam", "=x&Action=CreateUser&UserName=x" + version, 400, "MalformedInput"},
		{"parameter twice", "iam", "Action=CreateUser&UserName=x&UserName=x" + version, 400, "MalformedInput"},
		{"incomplete escape", "iam", "Action=CreateUser&UserName=%4", 400, "MalformedInput"},
		{"wrong escape", "iam", "Action=CreateUser&UserName=%zz" + version, 400, "MalformedInput"},
		{"bad UTF-8", "iam", "Action=CreateUser&UserName=%ff%fe" + version, 400, "MalformedInput"},
		{"bad UTF-8, raw", "iam", "Action=CreateUser&UserName=\xc3\x28" + version, 400, "MalformedInput"},
		{"overlong UTF-8", "iam", "Action=CreateUser&UserName=%c0%af" + version, 400, "MalformedInput"},
		{"surrogate half in UTF-8", "iam", "Action=CreateUser&UserName=%ed%a0%80" + version, 400, "MalformedInput"},
		{"a scalar as a list", "iam", "Action=CreateUser&UserName.member.1=x" + version, 400, "MalformedInput"},
		{"a list as a scalar", "iam", "Action=CreateUser&UserName=x&Tags=y" + version, 400, "MalformedInput"},
		{"negative index", "iam", "Action=CreateUser&UserName=x&Tags.member.-1.Key=a" + version, 400, "MalformedInput"},
		{"index zero", "iam", "Action=CreateUser&UserName=x&Tags.member.0.Key=a&Tags.member.0.Value=b" + version, 400, "MalformedInput"},
		{"index not a number", "iam", "Action=CreateUser&UserName=x&Tags.member.one.Key=a" + version, 400, "MalformedInput"},
		{"index beyond 64 bits", "iam", "Action=CreateUser&UserName=x&Tags.member.18446744073709551617.Key=a" + version, 400, "MalformedInput"},
		{"other scripts' index", "iam", "Action=CreateUser&UserName=x&Tags.member.%D9%A1.Key=a" + version, 400, "MalformedInput"},
		{"sparse list", "iam", "Action=CreateUser&UserName=x&Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.1000.Key=c&Tags.member.1000.Value=d" + version, 400, "MalformedInput"},
		{"boolean", "iam", "Action=UpdateAccountPasswordPolicy&RequireSymbols=perhaps" + version, 400, "MalformedInput"},
		{"integer", "iam", "Action=ListUsers&MaxItems=ten" + version, 400, "MalformedInput"},
		{"integer with blanks", "iam", "Action=ListUsers&MaxItems=+10" + version, 400, "MalformedInput"},
		{"integer beyond 32 bits", "iam", "Action=ListUsers&MaxItems=4294967297" + version, 400, "MalformedInput"},
		{"integer out of range", "iam", "Action=ListUsers&MaxItems=1001" + version, 400, "ValidationError"},
		{"negative integer", "iam", "Action=ListUsers&MaxItems=-1" + version, 400, "ValidationError"},
		{"marker of noise", "iam", call("ListUsers", "Marker", "%%%"), 400, "ValidationError"},

		// Names
		{"no name", "iam", "Action=CreateUser" + version, 400, "ValidationError"},
		{"empty name", "iam", call("CreateUser", "UserName", ""), 400, "ValidationError"},
		{"name with a newline", "iam", call("CreateUser", "UserName", "mallory\n"), 400, "ValidationError"},
		{"name with a newline inside", "iam", call("CreateUser", "UserName", "mal\nlory"), 400, "ValidationError"},
		{"name with a carriage return", "iam", call("CreateUser", "UserName", "mallory\r"), 400, "ValidationError"},
		{"name with a null", "iam", call("CreateUser", "UserName", "mallory\x00"), 400, "ValidationError"},
		{"name with a blank", "iam", call("CreateUser", "UserName", " mallory"), 400, "ValidationError"},
		{"name of other letters", "iam", call("CreateUser", "UserName", "mаllory"), 400, "ValidationError"},
		{"name with a slash", "iam", call("CreateUser", "UserName", "mal/lory"), 400, "ValidationError"},
		{"name of 65 letters", "iam", call("CreateUser", "UserName", strings.Repeat("m", 65)), 400, "ValidationError"},
		{"name that is there in another case", "iam", call("CreateUser", "UserName", "ALICE"), 409, "EntityAlreadyExists"},
		{"path with a newline", "iam", call("CreateUser", "UserName", "mallory", "Path", "/a/\n"), 400, "ValidationError"},
		{"path without a slash", "iam", call("CreateUser", "UserName", "mallory", "Path", "a"), 400, "ValidationError"},
		{"path of 513", "iam", call("CreateUser", "UserName", "mallory", "Path", "/"+strings.Repeat("a", 511)+"/"), 400, "ValidationError"},
		{"policy name with a newline", "iam", call("PutUserPolicy", "UserName", "alice", "PolicyName", "p\n", "PolicyDocument", allow("*")), 400, "ValidationError"},
		{"tag key of aws:", "iam", call("TagUser", "UserName", "alice", "Tags.member.1.Key", "aws:x", "Tags.member.1.Value", "y"), 400, "InvalidInput"},
		{"tag with a newline", "iam", call("TagUser", "UserName", "alice", "Tags.member.1.Key", "x\n", "Tags.member.1.Value", "y"), 400, "ValidationError"},
		{"enum", "iam", call("ListVirtualMFADevices", "AssignmentStatus", "Perhaps"), 400, "ValidationError"},
		{"session name with a blank", "sts", sts("AssumeRole", "RoleArn", "arn:aws:iam::"+accountID+":role/role", "RoleSessionName", "a b"), 400, "ValidationError"},
		{"role ARN of noise", "sts", sts("AssumeRole", "RoleArn", "arn:aws:iam::role/role-role-role", "RoleSessionName", "ab"), 400, "ValidationError"},
		{"duration too short", "sts", sts("GetSessionToken", "DurationSeconds", "899"), 400, "ValidationError"},
		{"duration too long", "sts", sts("GetSessionToken", "DurationSeconds", "129601"), 400, "ValidationError"},

		// Codes
		{"code with blanks", "iam", enable(code[:3]+" "+code[3:], code), 400, "ValidationError"},
		{"code with a blank before", "iam", enable(" "+code, code), 400, "ValidationError"},
		{"code with a newline after", "iam", enable(code, code+"\n"), 400, "ValidationError"},
		{"code of Arabic digits", "iam", enable(arabic, arabic), 400, "ValidationError"},
		{"code of five digits", "iam", enable(code[:5], code), 400, "ValidationError"},
		{"code of seven digits", "iam", enable(code+"0", code), 400, "ValidationError"},
		{"negative code", "iam", enable("-"+code[:5], code), 400, "ValidationError"},
		{"hexadecimal code", "iam", enable("0x"+code[:4], code), 400, "ValidationError"},
		{"one code only", "iam", enable(code, ""), 400, "ValidationError"},

		// Policies
		{"policy not JSON", "iam", put("Allow everything"), 400, "MalformedPolicyDocument"},
		{"policy empty", "iam", put(" "), 400, "MalformedPolicyDocument"},
		{"policy null", "iam", put("null"), 400, "MalformedPolicyDocument"},
		{"policy a list", "iam", put("[]"), 400, "MalformedPolicyDocument"},
		{"policy cut off", "iam", put(allow("*")[:40]), 400, "MalformedPolicyDocument"},
		{"policy twice", "iam", put(allow("*") + allow("*")), 400, "MalformedPolicyDocument"},
		{"policy with a key twice", "iam", put(policyOf(`{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}`)), 400, "MalformedPolicyDocument"},
		{"policy with an unknown effect", "iam", put(policyOf(`{"Effect":"Perhaps","Action":"*","Resource":"*"}`)), 400, "MalformedPolicyDocument"},
		{"policy with an unknown element", "iam", put(policyOf(`{"Effect":"Allow","Action":"*","Resource":"*","Unless":"Sunday"}`)), 400, "MalformedPolicyDocument"},
		{"policy with an unknown operator", "iam", put(policyOf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Sounds":{"a":"b"}}}`)), 400, "MalformedPolicyDocument"},
		{"policy of an unknown version", "iam", put(`{"Version":"2099-01-01","Statement":[]}`), 400, "MalformedPolicyDocument"},
		{"policy with a principal", "iam", put(policyOf(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)), 400, "MalformedPolicyDocument"},
		{"policy too deep", "iam", put(policyOf(`{"Effect":"Allow","Action":` + strings.Repeat("[", 200) + `"*"` + strings.Repeat("]", 200) + `,"Resource":"*"}`)), 400, "MalformedPolicyDocument"},
		{"policy of brackets only", "iam", put(strings.Repeat(`{"a":[`, 300)), 400, "MalformedPolicyDocument"},
		{"policy deep beyond any stack", "iam", put(strings.Repeat(`{"a":[`, 20_000)), 409, "LimitExceeded"},
		{"inline policy too long", "iam", put(policyOf(`{"Effect":"Allow","Action":"iam:` + strings.Repeat("a", 2100) + `","Resource":"*"}`)), 409, "LimitExceeded"},
		{"managed policy too long", "iam", call("CreatePolicy", "PolicyName", "p", "PolicyDocument",
			policyOf(`{"Effect":"Allow","Action":"iam:`+strings.Repeat("a", 6200)+`","Resource":"*"}`)), 409, "LimitExceeded"},
		{"policy longer than any may be", "iam", put(strings.Repeat("a", 131_073)), 400, "ValidationError"},
		{"policy with other characters", "iam", put(policyOf(`{"Effect":"Allow","Action":"*","Resource":"☃"}`)), 400, "ValidationError"},
		{"trust policy without principal", "iam", call("CreateRole", "RoleName", "r", "AssumeRolePolicyDocument", allow("sts:AssumeRole")), 400, "MalformedPolicyDocument"},
		{"session policy not JSON", "sts", sts("GetFederationToken", "Name", "fed", "Policy", "everything"), 400, "MalformedPolicyDocument"},
		{"session policy too long", "sts", sts("GetFederationToken", "Name", "fed", "Policy", allow(strings.Repeat("a", 2048))), 400, "ValidationError"},

		// Sealed things
		{"message of noise", "sts", sts("DecodeAuthorizationMessage", "EncodedMessage", "noise"), 400, "InvalidAuthorizationMessageException"},
		{"a token as a message", "sts", sts("DecodeAuthorizationMessage", "EncodedMessage", session.SessionToken), 400, "InvalidAuthorizationMessageException"},
	}
	before := s.fingerprint()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := s.send(s.sign(s.post(test.body), s.root(), test.service, test.body))
			if a.status != test.status || a.code != test.code {
				t.Errorf("%d %s, want %d %s\n%s", a.status, a.code, test.status, test.code, a.body)
			}
			if !strings.HasPrefix(a.header.Get("Content-Type"), "text/xml") || a.header.Get("X-Amzn-Requestid") == "" {
				t.Errorf("the answer is not AWS's: %v", a.header)
			}
			if len(a.body) > 16<<10 {
				t.Errorf("the answer has %d bytes: it repeats the input", len(a.body))
			}
		})
	}
	if s.fingerprint() != before {
		t.Error("bad input has changed something")
	}
	s.auditIsClean()
}

func TestBadInput_OfTheRequestItself(t *testing.T) {
	s := newServer(t)
	root := s.root()
	body := call("CreateUser", "UserName", "mallory")
	before := s.fingerprint()
	signed := func(change func(r *http.Request)) *http.Request {
		r := s.post(body)
		change(r)
		return s.sign(r, root, "iam", body)
	}
	after := func(change func(r *http.Request)) *http.Request {
		r := s.sign(s.post(body), root, "iam", body)
		change(r)
		return r
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, test := range []struct {
		name   string
		r      *http.Request
		status int
		code   string
	}{
		{"JSON", signed(header("Content-Type", "application/json")), 400, "MalformedInput"},
		{"multipart", signed(header("Content-Type", "multipart/form-data; boundary=x")), 400, "MalformedInput"},
		{"another charset", signed(header("Content-Type", "application/x-www-form-urlencoded; charset=utf-16")), 400, "MalformedInput"},
		{"a broken content type", signed(header("Content-Type", ";;;")), 400, "MalformedInput"},
		{"PUT", signed(func(r *http.Request) { r.Method = http.MethodPut }), 405, "InvalidAction"},
		{"DELETE", signed(func(r *http.Request) { r.Method = http.MethodDelete }), 405, "InvalidAction"},
		{"parameters in the query of a POST", signed(func(r *http.Request) { r.URL.RawQuery = "Action=DeleteUser" }), 400, "MalformedInput"},
		{"unsigned", s.post(body), 403, "MissingAuthenticationToken"},
		{"two signatures", after(func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }), 400, "IncompleteSignature"},
		{"header and query signed", after(func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256" }), 403, "SignatureDoesNotMatch"},
		{"two dates", after(func(r *http.Request) { r.Header.Add("X-Amz-Date", "20200101T000000Z") }), 400, "IncompleteSignature"},
		{"a date of noise", after(header("X-Amz-Date", "yesterday")), 400, "IncompleteSignature"},
		{"an unsigned token", after(header("X-Amz-Security-Token", "noise")), 403, "SignatureDoesNotMatch"},
		{"a token of noise", s.sign(s.post(body), aws.Credentials{AccessKeyID: "ASIA" + randomText(16), SecretAccessKey: "x", SessionToken: "noise"}, "iam", body), 403, "InvalidClientTokenId"},
		{"Basic", after(header("Authorization", "Basic cm9vdDpyb290")), 400, "IncompleteSignature"},
		{"an empty header", after(header("Authorization", "")), 400, "IncompleteSignature"},
		{"a service that is not here", s.sign(s.post(body), root, "s3", body), 403, "SignatureDoesNotMatch"},
		{"a region of noise", after(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "us-east-1", "us_east/1", 1))
		}), 400, "IncompleteSignature"},
	} {
		if a := s.send(test.r); a.status != test.status || a.code != test.code {
			t.Errorf("%s: %d %s, want %d %s\n%s", test.name, a.status, a.code, test.status, test.code, a.body)
		}
	}
	if s.fingerprint() != before {
		t.Error("a bad request has changed something")
	}
}

// What is no HTTP, or not whole, gets no further than the HTTP server.
func TestBadInput_BelowHTTP(t *testing.T) {
	s := newServer(t)
	before := s.fingerprint()
	head := "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for _, raw := range []string{
		"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", // TLS
		"GET\r\n\r\n", "POST / HTTP/9.9\r\n\r\n", strings.Repeat("A", 100_000), "GET /" + strings.Repeat("a", 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		head + "Content-Length: 10\r\nContent-Length: 20\r\n\r\n0123456789",
		head + "Content-Length: -1\r\n\r\n", head + "Content-Length: 99999999999999999999\r\n\r\n",
		head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", head + "X-Long: " + strings.Repeat("a", 100_000) + "\r\n\r\n",
		head + "Bad Header: x\r\n\r\n", head + "X-Null: a\x00b\r\n\r\n",
		head + "Content-Length: 100\r\n\r\nAction=CreateUser",
	} {
		c, err := net.Dial("tcp", s.address)
		s.must("dial", err)
		io.WriteString(c, raw)
		c.(*net.TCPConn).CloseWrite()
		answer, _ := io.ReadAll(c) // a reset is an answer, too
		if bytes.HasPrefix(answer, []byte("HTTP/1.1 2")) {
			t.Errorf("%.60q was answered\n%.200s", raw, answer)
		}
		c.Close()
	}
	if a := s.get(s.url + "/healthz"); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
	if s.fingerprint() != before {
		t.Error("noise has changed something")
	}
}

// A damaged file stops the server at the start, with a sentence that names the file and says what to do.
func TestBadInput_DamagedFilesStopTheStart(t *testing.T) {
	files, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	flip := func(text []byte, at int) []byte {
		damaged := bytes.Clone(text)
		for i := at; i < min(at+64, len(damaged)); i++ {
			damaged[i] ^= 0x55
		}
		return damaged
	}
	for _, test := range []struct {
		name, file string
		text       []byte // nil removes it
		says       []string
	}{
		{"keyset of noise", "keyset.json", []byte("noise"), []string{"keyset.json"}},
		{"keyset empty", "keyset.json", []byte{}, []string{"keyset.json"}},
		{"keyset cut off", "keyset.json", files["keyset.json"][:len(files["keyset.json"])/2], []string{"keyset.json"}},
		{"keyset with a flipped stretch", "keyset.json", flip(files["keyset.json"], len(files["keyset.json"])/2), []string{"keyset.json"}},
		{"keyset missing", "keyset.json", nil, []string{"keyset.json", "backup"}},
		{"keyset of another installation", "keyset.json", foreignKeyset(t), []string{"sallyport.db", "keyset"}},
		{"database of noise", "sallyport.db", bytes.Repeat([]byte("noise"), 5000), []string{"sallyport.db"}},
		{"database cut off", "sallyport.db", files["sallyport.db"][:len(files["sallyport.db"])/2], []string{"sallyport.db", "backup"}},
		{"database with a flipped page", "sallyport.db", flip(files["sallyport.db"], 4096*2), []string{"sallyport.db", "backup"}},
		{"node of noise", "node", []byte("noise"), []string{"node"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := install(t)
			path := filepath.Join(data, test.file)
			if test.text == nil {
				os.Remove(path)
			} else if err := os.WriteFile(path, test.text, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--listen", freeAddress(t), "--data", data)
			cmd.Env = append(os.Environ(), "TEST_RUN_SALLYPORT=1")
			out, err := cmd.CombinedOutput()
			if err == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Fatalf("the server ended with %v\n%s", err, out)
			}
			sentence := string(out)
			for _, word := range test.says {
				if !strings.Contains(sentence, word) {
					t.Errorf("the sentence does not speak of %s:\n%s", word, sentence)
				}
			}
			for _, sign := range []string{"goroutine ", "panic"} {
				if strings.Contains(sentence, sign) {
					t.Errorf("the server has crashed:\n%s", sentence)
				}
			}
			if test.text != nil {
				if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, test.text) {
					t.Errorf("the damaged %s was overwritten (%v)", test.file, err)
				}
			}
		})
	}
}

// foreignKeyset is the keyset file of another installation.
func foreignKeyset(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyset.json")
	if _, err := seal.Create(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
