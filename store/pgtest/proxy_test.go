package pgtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// echo is a server that sends back what it gets, then its end.
func echo(t *testing.T) (addr string) {
	t.Helper()
	listener, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func startProxy(t *testing.T, target string) *Proxy {
	t.Helper()
	proxy, err := NewProxy(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, proxy.Close()) })
	return proxy
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dial(t *testing.T, proxy *Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// answers sends a word and reads it back.
func answers(t *testing.T, conn net.Conn) {
	t.Helper()
	send(t, conn, "word")
	receives(t, conn, "word")
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func receives(t *testing.T, conn net.Conn, want string) {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("received %q, %v; want %q", got, err, want)
	}
}

// silent fails if anything comes, an end included.
func silent(t *testing.T, conn net.Conn) {
	t.Helper()
	check(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	var one [1]byte
	if n, err := conn.Read(one[:]); !isTimeout(err) {
		t.Fatalf("received %d bytes, %v; want nothing", n, err)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestProxyPassesAllBytesAndTheEnd(t *testing.T) {
	conn := dial(t, startProxy(t, echo(t)))
	sent := make([]byte, 4<<20)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(sent)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	check(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back, or others: %v", len(got), len(sent), err)
	}
}

func TestProxyCut(t *testing.T) {
	proxy := startProxy(t, echo(t))
	conn := dial(t, proxy)
	answers(t, conn)
	for range 2 { // again is as once
		check(t, proxy.Cut())
	}
	check(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection that is cut: %v, want a reset", err)
	}
	if _, err := net.Dial("tcp", proxy.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection while it is cut: %v, want a refusal", err)
	}
	check(t, proxy.Restore())
	answers(t, dial(t, proxy))
}

func TestProxyStall(t *testing.T) {
	proxy := startProxy(t, echo(t))
	old := dial(t, proxy)
	answers(t, old)
	check(t, proxy.Stall())
	fresh := dial(t, proxy)
	for _, conn := range []net.Conn{old, fresh} {
		send(t, conn, "held back")
		silent(t, conn)
	}
	check(t, proxy.Restore())
	for _, conn := range []net.Conn{old, fresh} {
		receives(t, conn, "held back")
		answers(t, conn)
	}
	check(t, proxy.Stall())
	check(t, proxy.Cut())
	if _, err := net.Dial("tcp", proxy.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection while it is cut: %v, want a refusal", err)
	}
	check(t, proxy.Stall())
	conn := dial(t, proxy)
	send(t, conn, "held back")
	silent(t, conn)
}

func TestProxyDelay(t *testing.T) {
	proxy := startProxy(t, echo(t))
	conn := dial(t, proxy)
	answers(t, conn)
	const delay = 20 * time.Millisecond
	proxy.Delay(delay)
	began := time.Now()
	answers(t, conn)
	if took := time.Since(began); took < 2*delay { // a busy machine makes it longer, never shorter
		t.Errorf("the answer came after %v, though each way takes %v", took, delay)
	}
	send(t, conn, "first,")
	time.Sleep(time.Millisecond)
	proxy.Delay(0) // what comes later doesn't overtake
	send(t, conn, "second")
	receives(t, conn, "first,second")
}

// TestProxyWithoutServer resets a client where the server refuses, perhaps while it still connects.
func TestProxyWithoutServer(t *testing.T) {
	ports, err := freePorts(1)
	check(t, err)
	conn, err := net.Dial("tcp", startProxy(t, address(ports[0])).Addr())
	if err == nil {
		defer conn.Close()
		check(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("without a server: %v, want a reset", err)
	}
}

func TestProxyLeavesNoGoroutines(t *testing.T) {
	target := echo(t)
	before := runtime.NumGoroutine()
	for _, last := range []func(*Proxy) error{(*Proxy).Restore, (*Proxy).Stall, (*Proxy).Cut} {
		proxy, err := NewProxy(target)
		check(t, err)
		for range 20 {
			conn := dial(t, proxy)
			answers(t, conn)
			proxy.Delay(time.Hour)
			send(t, conn, "never comes")
			proxy.Delay(0)
		}
		check(t, last(proxy))
		for range 2 {
			check(t, proxy.Close())
		}
		if err := proxy.Restore(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a closed proxy can be restored: %v", err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines were there before and %d are now:\n%s", before, runtime.NumGoroutine(),
				stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestProxyBeforeAServer(t *testing.T) {
	database := NewDatabase(t)
	proxy := startProxy(t, Shared(t).Addr())
	conn := connect(t, proxy.URL(database))
	if got := query[string](t, conn, "SELECT current_user::text"); got != application {
		t.Errorf("through the proxy the user is %q", got)
	}
	check(t, proxy.Cut())
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection that is cut answers")
	}
	if _, err := pgx.Connect(t.Context(), proxy.URL(database)); err == nil {
		t.Error("a new connection while it is cut")
	}
	check(t, proxy.Restore())
	conn = connect(t, proxy.URL(database))
	check(t, proxy.Stall())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := conn.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stalled connection: %v, want it to wait", err)
	}
}
