package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script/*.txtar: the real server, started as a process, and the stock AWS CLI. Beside
// testscript's own commands, a script has these:
//
//	serve [FLAG...]         start the server on a free port; data directory $SALLYPORT_DATA, log in server.log
//	shutdown                stop it and wait
//	[!] aws ARG...          the AWS CLI against the server, as the profile $AWS_PROFILE (first: root)
//	refused CODE [TEXT]     the last aws was refused with this error code of AWS, and this text if given
//	get NAME PATH           set $NAME from the last output, which is JSON: get ARN Role.Arn, get ID Users.0.UserId
//	profile NAME            make a profile of the credentials in the last output
//	as NAME                 go on as this profile
//	seed FILE               write the seed of the otpauth URI in the last output to FILE
//	code FILE [N|wrong]     set $CODE to the code that an authenticator with the seed in FILE shows now, or N steps
//	                        of 30 s later (-1: earlier), or to one that is wrong at any time near
//	codes FILE [N|wrong]    set $CODE1 and $CODE2 to two consecutive codes, the second that of N
//	sql FILE STATEMENT      change a SQLite database behind the server's back
//
// $SEEDFILES is the directory of package mfa's seed files.
//
// A code can be used at STS while its step is at most two from the device's, and once. So scripts never wait: they
// use codes of growing N, 0 and +1 and, after a resync at +2, up to +4, which is right wherever in a step the
// script begins, and whenever in between a new step does.
func TestScripts(t *testing.T) {
	needsTool(t, "aws")
	needsTool(t, "zbarimg")
	seedFiles, err := filepath.Abs(filepath.Join("..", "..", "mfa", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": scriptServe, "shutdown": scriptShutdown,
			"aws": scriptAWS, "refused": scriptRefused,
			"get": scriptGet, "profile": scriptProfile, "as": scriptAs,
			"seed": scriptSeed, "code": scriptCode, "codes": scriptCodes,
			"sql": scriptSQL,
		},
		Condition: func(name string) (bool, error) {
			if name == "endpoint-env" {
				return honoursEndpointVariable(), nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("SALLYPORT_DATA", filepath.Join(e.WorkDir, "data"))
			e.Setenv("SALLYPORT_ROOT_PASSWORD", rootPassword)
			e.Setenv("SEEDFILES", seedFiles)
			for name, value := range awsEnvironment(filepath.Join(e.WorkDir, "aws")) {
				e.Setenv(name, value)
			}
			e.Values[scriptServer{}] = &scriptServer{}
			return nil
		},
	})
}

// needsTool skips a test where a program is missing that `make test` installs.
func needsTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		missingTool(t, name)
	}
}

// missingTool fails the test in `make test`, which sets SALLYPORT_TEST_ALL, and skips it in a plain `go test`.
func missingTool(t *testing.T, name string) {
	t.Helper()
	const text = "NOT TESTED: there is no %s. `make test` installs the tools that the tests need, or says how."
	if os.Getenv("SALLYPORT_TEST_ALL") != "" {
		t.Fatalf(text, name)
	}
	t.Skipf(text, name)
}

// awsEnvironment is that of an AWS CLI or SDK which knows nothing of the machine it runs on.
func awsEnvironment(dir string) map[string]string {
	return map[string]string{
		"AWS_CONFIG_FILE":             filepath.Join(dir, "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials"),
		"AWS_PROFILE":                 "root",
		"AWS_DEFAULT_REGION":          "eu-central-1",
		"AWS_DEFAULT_OUTPUT":          "json",
		"AWS_PAGER":                   "",
		"AWS_MAX_ATTEMPTS":            "1",
		"AWS_EC2_METADATA_DISABLED":   "true",
	}
}

// honoursEndpointVariable tells whether the AWS CLI is new enough (1.29, 2.13) to take the endpoint from
// AWS_ENDPOINT_URL. Only so can it be told that of the AssumeRole calls it makes on its own.
func honoursEndpointVariable() bool {
	text, _ := exec.Command("aws", "--version").CombinedOutput()
	var major, minor int
	if _, err := fmt.Sscanf(string(text), "aws-cli/%d.%d", &major, &minor); err != nil {
		return false
	}
	return major == 1 && minor >= 29 || major == 2 && minor >= 13 || major > 2
}

// scriptServer is the server of a script, and the key of itself among the script's values.
type scriptServer struct{ process *exec.Cmd }

func (s *scriptServer) stop(signal syscall.Signal) error {
	if s.process == nil {
		return nil
	}
	s.process.Process.Signal(signal)
	err := s.process.Wait()
	s.process = nil
	return err
}

func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(scriptServer{}).(*scriptServer)
	if neg || server.process != nil {
		ts.Fatalf("serve starts one server, which must not be running")
	}
	logPath := ts.MkAbs("server.log")
	log, err := os.Create(logPath)
	ts.Check(err)
	defer log.Close()
	process := exec.Command(os.Args[0], append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	process.Dir = ts.MkAbs(".")
	process.Env = append(scriptEnvironment(ts), "TEST_RUN_SALLYPORT=1")
	process.Stdout, process.Stderr = log, log
	ts.Check(process.Start())
	server.process = process
	ts.Defer(func() { server.stop(syscall.SIGKILL) })

	endpoint, err := listening(logPath)
	if err != nil {
		text, _ := os.ReadFile(logPath)
		ts.Fatalf("the server did not become ready: %v\n%s", err, text)
	}
	ts.Setenv("ENDPOINT", endpoint)
	credentials := ts.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	if _, err := os.Stat(credentials); errors.Is(err, fs.ErrNotExist) {
		text, err := os.ReadFile(filepath.Join(ts.Getenv("SALLYPORT_DATA"), "credentials"))
		ts.Check(err)
		ts.Check(os.MkdirAll(filepath.Dir(credentials), 0o700))
		ts.Check(os.WriteFile(credentials, text, 0o600))
	}
}

// scriptEnvironment is the environment that the script's own commands would run in.
func scriptEnvironment(ts *testscript.TestScript) []string {
	environment := []string{"PATH=" + ts.Getenv("PATH"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	for _, name := range strings.Fields("SALLYPORT_DATA SALLYPORT_ROOT_EMAIL SALLYPORT_ROOT_PASSWORD SALLYPORT_ACCOUNT_ID SALLYPORT_LOG_FORMAT") {
		if value := ts.Getenv(name); value != "" {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

var listens = regexp.MustCompile(`Sallyport listens on (http://[0-9.:]+)\.`)

// listening waits until the server is ready and returns its URL, which it has printed.
func listening(log string) (endpoint string, err error) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(log)
		if err != nil {
			return "", err
		}
		found := listens.FindSubmatch(text)
		if found == nil {
			continue
		}
		response, err := http.Get(string(found[1]) + "/readyz")
		if err != nil {
			return "", err
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return string(found[1]), nil
		}
	}
	return "", errors.New("a minute has passed")
}

func scriptShutdown(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(ts.Value(scriptServer{}).(*scriptServer).stop(syscall.SIGTERM))
}

func scriptAWS(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("aws", append([]string{"--endpoint-url", ts.Getenv("ENDPOINT")}, args...)...)
	if neg && err == nil {
		ts.Fatalf("the call was not refused")
	}
	if !neg {
		ts.Check(err)
	}
}

func scriptRefused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: refused CODE [TEXT]")
	}
	stderr := ts.ReadFile("stderr")
	found := refusal.FindStringSubmatch(stderr)
	switch {
	case found == nil:
		ts.Fatalf("not an error of the service: %s", stderr)
	case found[1] != args[0]:
		ts.Fatalf("refused with %s, not %s", found[1], args[0])
	case len(args) == 2 && found[2] != args[1]:
		ts.Fatalf("refused with the text\n%q, not\n%q", found[2], args[1])
	}
}

// refusal is how all versions of the AWS CLI print an error of the service.
var refusal = regexp.MustCompile(`An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: ([^\n]*)\n`)

func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: get NAME PATH")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &value))
	for _, step := range strings.Split(args[1], ".") {
		switch in := value.(type) {
		case map[string]any:
			value = in[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(in) {
				ts.Fatalf("the list has no element %s", step)
			}
			value = in[n]
		}
	}
	if value == nil {
		ts.Fatalf("the last output has no %s", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}

func scriptProfile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: profile NAME")
	}
	type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string } // AWS's own spelling
	var out struct{ AccessKey, Credentials credentials }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &out))
	c := out.AccessKey
	if c.AccessKeyId == "" {
		c = out.Credentials
	}
	if c.AccessKeyId == "" || c.SecretAccessKey == "" {
		ts.Fatalf("no credentials in the last output")
	}
	text := fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", args[0], c.AccessKeyId, c.SecretAccessKey)
	if c.SessionToken != "" {
		text += "aws_session_token = " + c.SessionToken + "\n"
	}
	f, err := os.OpenFile(ts.Getenv("AWS_SHARED_CREDENTIALS_FILE"), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString(text)
	ts.Check(errors.Join(err, f.Close()))
}

func scriptAs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as PROFILE")
	}
	ts.Setenv("AWS_PROFILE", args[0])
}

func scriptSeed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: seed FILE")
	}
	uri, err := url.Parse(strings.TrimSpace(ts.ReadFile("stdout")))
	ts.Check(err)
	secret := uri.Query().Get("secret")
	if uri.Scheme != "otpauth" || uri.Host != "totp" || secret == "" {
		ts.Fatalf("not the URI of a TOTP authenticator")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(secret), 0o600))
}

func scriptCode(ts *testscript.TestScript, neg bool, args []string) {
	_, code := authenticator(ts, neg, args)
	ts.Setenv("CODE", code)
}

func scriptCodes(ts *testscript.TestScript, neg bool, args []string) {
	before, code := authenticator(ts, neg, args)
	ts.Setenv("CODE1", before)
	ts.Setenv("CODE2", code)
}

// authenticator returns the code asked for and the one before it.
func authenticator(ts *testscript.TestScript, neg bool, args []string) (before, code string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: code FILE [N|wrong]")
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	step := time.Now().Unix() / 30
	if len(args) == 1 {
		return hotp(seed, step-1), hotp(seed, step)
	}
	if args[1] == "wrong" {
		near := map[string]bool{}
		for n := step - 1100; n <= step+1100; n++ {
			near[hotp(seed, n)] = true
		}
		far := step + 1_000_000
		for near[hotp(seed, far-1)] || near[hotp(seed, far)] {
			far++
		}
		return hotp(seed, far-1), hotp(seed, far)
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	return hotp(seed, step+n-1), hotp(seed, step+n)
}

// hotp is RFC 4226 §5.3, written apart from package mfa so that the scripts don't ask the product what is right.
func hotp(seed []byte, counter int64) string {
	mac := hmac.New(sha1.New, seed)
	binary.Write(mac, binary.BigEndian, counter)
	sum := mac.Sum(nil)
	offset := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

func scriptSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	result, err := db.Exec(args[1])
	ts.Check(err)
	if n, _ := result.RowsAffected(); n == 0 {
		ts.Fatalf("the statement changed nothing")
	}
}

// TestBoto3 runs testdata/boto3/*.py, each a program that ends well if all was as it says.
func TestBoto3(t *testing.T) {
	python := pythonWithBoto3(t)
	programs, err := filepath.Glob(filepath.Join("testdata", "boto3", "*.py"))
	if err != nil || len(programs) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, program := range programs {
		t.Run(strings.TrimSuffix(filepath.Base(program), ".py"), func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "")
			cmd := exec.Command(python, "-W", "ignore::DeprecationWarning", program)
			cmd.Env = append(os.Environ(), "ENDPOINT="+s.url)
			for name, value := range awsEnvironment(t.TempDir()) {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			cmd.Env = append(cmd.Env, "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(s.data, "credentials"))
			out, err := cmd.CombinedOutput()
			for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
				t.Log(lines.Text())
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func pythonWithBoto3(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import boto3").Run() == nil {
			return python
		}
	}
	missingTool(t, "python3 with boto3")
	return ""
}
