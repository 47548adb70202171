package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

// What was answered before kill -9 is there after it, and no code is good on both sides of it.
func TestDurability_KillAmidSignIns(t *testing.T) {
	data := install(t)
	const parallel, rounds = 200, 3
	var groups [rounds][]member
	(&server{t: t, data: data}).beside(func(at *opened) {
		for round := range groups {
			groups[round] = members(t, at, numbered(fmt.Sprint("round", round, "-"), parallel)...)
		}
	})
	s := startServer(t, data)
	acknowledged := 0
	for round, group := range groups {
		killAfter := [rounds]int{1, 40, 120}[round] // answers
		accepted := make([]bool, parallel)
		sent := make([]string, parallel)
		answers := make(chan int, parallel)
		var all sync.WaitGroup
		for i, m := range group {
			sent[i] = m.code(0)
			all.Go(func() {
				if _, err := s.signIn(m, sent[i]); err == nil {
					accepted[i] = true
					answers <- i
				}
			})
		}
		go func() { all.Wait(); close(answers) }()
		for n := range killAfter {
			if _, ok := <-answers; !ok {
				t.Fatalf("round %d: only %d of %d sign-ins were accepted", round, n, parallel)
			}
		}
		s.stop(syscall.SIGKILL)
		all.Wait()
		s.start()

		recorded := make(map[string]bool)
		for _, r := range s.auditRecords() {
			if r.EventName == "GetSessionToken" && bytes.Contains(r.JSON, []byte(`"readOnly":false`)) && !bytes.Contains(r.JSON, []byte("errorCode")) {
				recorded[r.UserName] = true
			}
		}
		var serials []string
		for _, m := range group {
			serials = append(serials, m.serial)
		}
		states := s.states(serials...)
		answered := 0
		var again sync.WaitGroup
		twice := make(chan string, parallel)
		for i, m := range group {
			if accepted[i] {
				answered++
				if len(states[i].Used) != 1 {
					t.Errorf("round %d: %s was accepted, and the database doesn't know its code as used", round, m.name)
				}
				if !recorded[m.name] {
					t.Errorf("round %d: %s was accepted without an audit record", round, m.name)
				}
			}
			again.Go(func() {
				times := 0
				if accepted[i] {
					times++
				}
				for range 2 {
					if _, err := s.signIn(m, sent[i]); err == nil {
						times++
					} else if errorCode(err) != "AccessDenied" {
						t.Errorf("round %d: %s after the restart: %v", round, m.name, err)
					}
				}
				if times > 1 {
					twice <- fmt.Sprintf("%s (%d times, answered before the kill: %v)", m.name, times, accepted[i])
				}
			})
		}
		again.Wait()
		close(twice)
		for who := range twice {
			t.Errorf("round %d: one code was accepted more than once: %s", round, who)
		}
		acknowledged += answered
		t.Logf("round %d: killed after %d answers, %d of %d had come", round, killAfter, answered, parallel)
	}
	if acknowledged < 1+40+120 {
		t.Errorf("only %d sign-ins were answered: the test has killed nothing in the middle", acknowledged)
	}
	s.auditIsClean()
}

// The same for writes of every kind of IAM's.
func TestDurability_KillAmidChanges(t *testing.T) {
	s := newServer(t)
	for round := range 2 {
		var mu sync.Mutex
		var created []string
		enough := make(chan struct{})
		var once sync.Once
		var all sync.WaitGroup
		for worker := range 16 {
			all.Go(func() {
				client := s.iam(s.root())
				for i := 0; ; i++ {
					name := fmt.Sprintf("user-%d-%d-%d", round, worker, i)
					if _, err := client.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: &name}); err != nil {
						return
					}
					mu.Lock()
					created = append(created, name)
					if len(created) >= 100 {
						once.Do(func() { close(enough) })
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		s.stop(syscall.SIGKILL)
		all.Wait()
		s.start()
		s.usersAreThere(created)
	}
	s.auditIsClean()
}

// usersAreThere checks that all of the users exist, each with the audit record of its creation.
func (s *server) usersAreThere(names []string) {
	s.t.Helper()
	recorded := make(map[string]bool)
	for _, r := range s.auditRecords() {
		if r.EventName != "CreateUser" || bytes.Contains(r.JSON, []byte("errorCode")) {
			continue
		}
		if _, rest, ok := strings.Cut(string(r.JSON), `"requestParameters":{"userName":"`); ok {
			name, _, _ := strings.Cut(rest, `"`)
			recorded[name] = true
		}
	}
	there := make(map[string]bool)
	pages := awsiam.NewListUsersPaginator(s.iam(s.root()), &awsiam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		s.must("ListUsers", err)
		for _, u := range page.Users {
			there[*u.UserName] = true
		}
	}
	for _, name := range names {
		if !there[name] {
			s.t.Errorf("the creation of %s was answered, and the user is not there", name)
		}
		if !recorded[name] {
			s.t.Errorf("the creation of %s was answered, and has no audit record", name)
		}
	}
}

// auditRecords are all there are.
func (s *server) auditRecords() []auditRecord {
	s.t.Helper()
	var all []auditRecord
	s.beside(func(at *opened) {
		records, err := at.store.AuditTail(s.t.Context(), 1_000_000)
		s.must("audit tail", err)
		for _, r := range records {
			all = append(all, auditRecord{textOf(r.JSON, "eventName"), textOf(r.JSON, "userName"), r.JSON})
		}
	})
	return all
}

type auditRecord struct {
	EventName, UserName string // UserName: of the caller
	JSON                []byte
}

// textOf is the first text of that name in a record.
func textOf(record []byte, name string) string {
	_, rest, _ := strings.Cut(string(record), `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// A disk that fills up: changes and codes are answered with a failure, reads go on, and what was answered before
// is there after a crash. The disk is made full by a limit on the size of the server's files, which it meets as
// it would meet a full disk: a write fails.
func TestDurability_DiskFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs prlimit(2)")
	}
	s := newServer(t)
	m := s.member("alice")
	codes := []string{m.code(-1), m.code(0), m.code(1)}
	_, err := s.signIn(m, codes[0])
	s.must("GetSessionToken", err)
	root := s.iam(s.root())

	wal, err := os.Stat(filepath.Join(s.data, "sallyport.db-wal"))
	s.must("the write-ahead log", err)
	s.limitFiles(uint64(wal.Size()) + 512<<10)
	var created []string
	failed := 0
	for i := 0; failed < 20; i++ {
		name := fmt.Sprintf("user%d", i)
		_, err := root.CreateUser(t.Context(), &awsiam.CreateUserInput{UserName: &name})
		switch code := errorCode(err); code {
		case "accepted":
			created = append(created, name)
		case "ServiceFailure", "InternalFailure", "ServiceUnavailable":
			failed++
		default:
			t.Fatalf("CreateUser on a full disk: %v", err)
		}
		if i > 20_000 {
			t.Fatal("the disk never filled up")
		}
	}
	t.Logf("%d changes were made before the disk was full", len(created))
	a := s.signedCall(s.root(), call("CreateUser", "UserName", "another"))
	if a.status/100 != 5 {
		t.Errorf("a change on a full disk: %d %s", a.status, a.body)
	}
	if _, err = s.signIn(m, codes[1]); errorCode(err) == "accepted" || errorCode(err) == "AccessDenied" {
		t.Errorf("a code on a full disk is neither accepted nor used up, got %v", err)
	}
	if _, err = s.signIn(m, codes[0]); errorCode(err) == "accepted" {
		t.Error("a used code on a full disk was accepted")
	}
	for range 5 {
		_, err = root.ListUsers(t.Context(), nil)
		s.must("ListUsers on a full disk", err)
		_, err = root.ListMFADevices(t.Context(), &awsiam.ListMFADevicesInput{UserName: &m.name})
		s.must("ListMFADevices on a full disk", err)
		_, err = s.sts(m.key).GetCallerIdentity(t.Context(), nil)
		s.must("GetCallerIdentity on a full disk", err)
	}
	if a := s.get(s.url + "/readyz"); a.status != 200 {
		t.Errorf("/readyz on a full disk, while reads go on: %d %s", a.status, a.body)
	}

	s.stop(syscall.SIGKILL)
	s.start() // without the limit
	s.usersAreThere(created)
	_, err = s.signIn(m, codes[0])
	s.refused("a used code after the crash", err, "AccessDenied")
	_, err = s.signIn(m, codes[1])
	s.must("the code that the full disk refused", err)
	s.auditIsClean()
}

// When there is room again the server goes on by itself.
func TestDurability_DiskFullAndFreed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs prlimit(2)")
	}
	s := newServer(t)
	m := s.member("alice")
	code := m.code(0)
	s.limitFiles(4096)
	_, err := s.signIn(m, code)
	if code := errorCode(err); code == "accepted" || code == "AccessDenied" {
		t.Errorf("a code on a full disk: %v", err)
	}
	a := s.signedCall(s.root(), call("CreateUser", "UserName", "bob"))
	if a.status/100 != 5 {
		t.Errorf("a change on a full disk: %d %s", a.status, a.body)
	}
	s.limitFiles(1 << 40)
	_, err = s.signIn(m, code)
	s.must("the code when there is room again", err)
	if a := s.signedCall(s.root(), call("CreateUser", "UserName", "bob")); a.status != 200 {
		t.Errorf("the change when there is room again: %d %s", a.status, a.body)
	}
	s.usersAreThere([]string{"bob"})
	s.auditIsClean()
}

// limitFiles bounds the size of the running server's files (setrlimit(2), RLIMIT_FSIZE).
func (s *server) limitFiles(size uint64) {
	s.t.Helper()
	limit := syscall.Rlimit{Cur: size, Max: 1 << 62}
	var old syscall.Rlimit
	_, _, failed := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(s.process.Process.Pid), syscall.RLIMIT_FSIZE,
		0, uintptr(unsafe.Pointer(&old)), 0, 0)
	if failed == 0 {
		limit.Max = old.Max
		limit.Cur = min(limit.Cur, old.Max)
		_, _, failed = syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(s.process.Process.Pid), syscall.RLIMIT_FSIZE,
			uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	}
	if failed != 0 {
		s.t.Fatal("prlimit: ", failed)
	}
}

// A request under way when SIGTERM comes is finished, and its change is durable.
func TestDurability_GracefulStopFinishesRequests(t *testing.T) {
	s := newServer(t)
	const under = 8
	type request struct {
		body string
		conn net.Conn
		in   *bufio.Reader
	}
	var requests [under]request
	for i := range requests {
		body := call("CreateUser", "UserName", fmt.Sprint("under-way-", i))
		r := s.post(body)
		s.sign(r, s.root(), "iam", body)
		r.Header.Set("Expect", "100-continue")
		var head bytes.Buffer
		fmt.Fprintf(&head, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", s.address, len(body))
		s.must("header", r.Header.Write(&head))
		head.WriteString("\r\n")
		conn, err := net.Dial("tcp", s.address)
		s.must("dial", err)
		defer conn.Close()
		_, err = conn.Write(head.Bytes())
		s.must("write", err)
		in := bufio.NewReader(conn)
		// The server asks for the body: it is now inside the request.
		line, err := in.ReadString('\n')
		s.must("read", err)
		if !strings.Contains(line, "100 Continue") {
			t.Fatalf("the server said %q", line)
		}
		_, err = in.ReadString('\n')
		s.must("read", err)
		requests[i] = request{body, conn, in}
	}
	s.must("SIGTERM", s.process.Process.Signal(syscall.SIGTERM))
	eventually(t, "no new connections", func() bool {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	var names []string
	for i, r := range requests {
		_, err := io.WriteString(r.conn, r.body)
		s.must("write", err)
		response, err := http.ReadResponse(r.in, nil)
		s.must("read", err)
		text, err := io.ReadAll(response.Body)
		s.must("read", err)
		if response.StatusCode != 200 {
			t.Errorf("a request under way was answered %d %s", response.StatusCode, text)
		}
		names = append(names, fmt.Sprint("under-way-", i))
	}
	if err := s.process.Wait(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, s.logged())
	}
	if out, err := s.sallyport("audit", "verify"); err != nil {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
	s.start()
	s.usersAreThere(names)
}

// Every record of a stopped server is under a signed digest, the reads' too.
func TestDurability_AuditIsWholeAfterStop(t *testing.T) {
	s := newServer(t)
	root := s.iam(s.root())
	for range 50 {
		_, err := root.ListUsers(t.Context(), nil)
		s.must("ListUsers", err)
	}
	m := s.member("alice")
	_, err := s.signIn(m, m.wrong())
	s.refused("a wrong code", err, "AccessDenied")
	s.crash()
	for range 50 {
		_, err := s.iam(s.root()).ListUsers(t.Context(), nil)
		s.must("ListUsers", err)
	}
	s.stop(syscall.SIGTERM)
	lists := 0
	for _, r := range s.auditRecords() {
		if r.EventName == "ListUsers" {
			lists++
		}
	}
	if lists < 50 {
		t.Errorf("%d of the 50 reads after the crash are recorded", lists)
	}
	s.auditIsClean()

	// And a record that is changed is found.
	db, err := sql.Open("sqlite", filepath.Join(s.data, "sallyport.db"))
	s.must("database", err)
	defer db.Close()
	changed, err := db.Exec(`UPDATE audit_records SET record = CAST(replace(CAST(record AS TEXT), 'ListUsers', 'ListRoles') AS BLOB)
		WHERE id = (SELECT max(id) FROM audit_records WHERE event_name LIKE '%ListUsers%')`)
	s.must("UPDATE", err)
	if n, err := changed.RowsAffected(); n != 1 || err != nil {
		t.Fatalf("%d records changed, %v", n, err)
	}
	out, err := s.sallyport("audit", "verify")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(out, "was changed") {
		t.Errorf("audit verify of a changed record: %v\n%s", err, out)
	}
}
