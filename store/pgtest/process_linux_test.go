package pgtest

import (
	"slices"
	"testing"
)

func TestKillLeavesNoProcess(t *testing.T) {
	server := startServer(t, Options{})
	conn := connect(t, server.URL("sallyport"))
	pid := server.process.cmd.Process.Pid
	all := append(descendants(pid), pid)
	if backend := query[int](t, conn, "SELECT pg_backend_pid()"); len(all) < 5 || !slices.Contains(all, backend) {
		t.Fatalf("the server's processes %v lack %d, which serves this connection", all, backend)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range all {
		if state, _ := status(pid); state != 0 && state != 'Z' {
			t.Errorf("process %d is still there: %c", pid, state)
		}
	}
}
