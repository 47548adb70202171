package deploy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/deploy"
)

// server is the server's program, made for these tests.
var server string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sallyport-deploy-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	server = filepath.Join(dir, "sallyport")
	build := exec.Command("go", "build", "-o", server, "../cmd/sallyport")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Dockerfile does
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// needs skips a test where a program is missing, and fails it where all tests are asked for.
func needs(t *testing.T, program string) string {
	t.Helper()
	for _, path := range []string{program, "/usr/sbin/" + program} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("SALLYPORT_TEST_HA") == "1" && os.Getenv("SALLYPORT_TEST_ALL") != "" {
		t.Fatalf("NOT TESTED: %s is missing; `scripts/test-tools ha` installs it, or says how", program)
	}
	t.Skipf("NOT TESTED: %s is missing; `scripts/test-tools ha` installs it, or says how", program)
	return ""
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// flags are the names of the flags of serve.
func flags(t *testing.T) []string {
	t.Helper()
	help, err := exec.Command(server, "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
		names = append(names, match[1])
	}
	return names
}

// serves checks that a variable of the environment means something to the server.
func serves(t *testing.T, where, variable string) {
	t.Helper()
	name, ours := strings.CutPrefix(variable, "SALLYPORT_")
	if !ours || name == "ROOT_EMAIL" || name == "ROOT_PASSWORD" {
		return
	}
	if flag := strings.ToLower(strings.ReplaceAll(name, "_", "-")); !slices.Contains(flags(t), flag) {
		t.Errorf("%s sets %s, but the server has no --%s", where, variable, flag)
	}
}

func TestHAProxyTakesItsSettings(t *testing.T) {
	if out, err := exec.Command(needs(t, "haproxy"), "-c", "-f", "haproxy.cfg").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestHAProxyRepeatsNothing holds on to what keeps a code from being sent twice.
func TestHAProxyRepeatsNothing(t *testing.T) {
	conditions := regexp.MustCompile(`(?m)^\s*retry-on (.*)$`).FindAllStringSubmatch(deploy.HAProxy, -1)
	if len(conditions) != 1 || conditions[0][1] != "conn-failure" {
		t.Errorf("requests are sent again on %q, not only if nothing of them was sent", conditions)
	}
}

func TestPatroniTakesItsSettings(t *testing.T) {
	patroni := needs(t, "patroni")
	dir := t.TempDir()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(programs) == 0 {
		needs(t, "postgres")
	}
	if err := os.WriteFile(filepath.Join(dir, "patroni.yml"), []byte(deploy.Patroni), 0o600); err != nil {
		t.Fatal(err)
	}
	etcd, err := net.Listen("tcp", "127.0.0.1:0") // which the check connects to, and no more
	if err != nil {
		t.Fatal(err)
	}
	defer etcd.Close()
	check := exec.Command(patroni, "--validate-config", filepath.Join(dir, "patroni.yml"))
	check.Env = append(os.Environ(), "PATRONI_NAME=member1", "PATRONI_ETCD3_HOSTS="+etcd.Addr().String(),
		"PATRONI_RESTAPI_LISTEN=127.0.0.1:0", "PATRONI_RESTAPI_CONNECT_ADDRESS=10.0.1.1:8008",
		"PATRONI_POSTGRESQL_LISTEN=127.0.0.1:0", "PATRONI_POSTGRESQL_CONNECT_ADDRESS=10.0.1.1:5432",
		"PATRONI_POSTGRESQL_DATA_DIR="+filepath.Join(dir, "data"), "PATRONI_POSTGRESQL_BIN_DIR="+programs[len(programs)-1],
		"PATRONI_SUPERUSER_USERNAME=postgres", "PATRONI_SUPERUSER_PASSWORD=x",
		"PATRONI_REPLICATION_USERNAME=replicator", "PATRONI_REPLICATION_PASSWORD=x",
		"PATRONI_REWIND_USERNAME=rewinder", "PATRONI_REWIND_PASSWORD=x")
	out, err := check.CombinedOutput()
	var refused *exec.ExitError
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		// What version 3.0 wants, and none needs: the rules are those of postgresql.pg_hba; empty means no socket.
		if !strings.HasPrefix(line, "bootstrap.pg_hba ") && !strings.HasPrefix(line, "postgresql.parameters.unix_socket_directories ") {
			t.Error(strings.TrimSpace(line))
		}
	}
}

func TestUnitStartsTheServer(t *testing.T) {
	unit := read(t, "sallyport.service")
	start := regexp.MustCompile(`(?m)^ExecStart=(\S+) serve(.*)$`).FindStringSubmatch(unit)
	if start == nil {
		t.Fatal("the unit doesn't start the server")
	}
	for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(start[2], -1) {
		if !slices.Contains(flags(t), flag[1]) {
			t.Errorf("the unit uses --%s, which the server doesn't have", flag[1])
		}
	}
	for _, variable := range regexp.MustCompile(`SALLYPORT_[A-Z_]+`).FindAllString(unit, -1) {
		serves(t, "the unit", variable)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("NOT TESTED: systemd-analyze is missing, systemd's opinion of the unit was not asked")
	}
	file := filepath.Join(t.TempDir(), "sallyport.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, start[1], server)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || strings.Contains(string(out), file) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestComposeFile(t *testing.T) {
	type service struct {
		Image, Entrypoint string
		Build             struct{ Context, Dockerfile string }
		Environment       map[string]string
		Volumes, Secrets  []string
		Networks          any
	}
	var file struct {
		Services map[string]service
		Networks map[string]any
		Volumes  map[string]any
		Secrets  map[string]any
	}
	python := needs(t, "python3")
	text, err := exec.Command(python, "-c", "import json, yaml; print(json.dumps(yaml.safe_load(open('compose.yaml'))))").Output()
	if err != nil {
		if exec.Command(python, "-c", "import yaml").Run() != nil {
			t.Skip("NOT TESTED: python3 has no yaml (Debian: python3-yaml)")
		}
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	nodes := 0
	for name, s := range file.Services {
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := file.Volumes[source]; !named {
				if _, err := os.Stat(source); err != nil {
					t.Errorf("%s mounts %s, which is neither a volume nor a file", name, source)
				}
			}
		}
		for _, secret := range s.Secrets {
			if _, named := file.Secrets[secret]; !named {
				t.Errorf("%s has the secret %s, which nobody defines", name, secret)
			}
		}
		if s.Image != "sallyport" {
			continue
		}
		nodes++
		if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Error(err)
		}
		for variable := range s.Environment {
			serves(t, name, variable)
		}
	}
	if nodes != 3 {
		t.Errorf("there are %d nodes, not 3", nodes)
	}
	for variable := range file.Services["proxy"].Environment {
		if !strings.Contains(deploy.HAProxy, "${"+variable+"}") {
			t.Errorf("the proxy is given %s, which haproxy.cfg doesn't use", variable)
		}
	}
	for _, variable := range regexp.MustCompile(`SALLYPORT_[A-Z_]+`).FindAllString(read(t, "Dockerfile"), -1) {
		serves(t, "the Dockerfile", variable)
	}
}

// TestDashboardShowsMetricsOfTheServer looks every metric of the dashboard up in what a server exports, after a
// request, for a metric by action appears with the first.
func TestDashboardShowsMetricsOfTheServer(t *testing.T) {
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana-dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	exported := scrape(t)
	used := map[string]bool{"sallyport_sign_ins_total": true} // appears with the first sign-in
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			for _, name := range regexp.MustCompile(`\b(?:sallyport|process|go)_\w+`).FindAllString(target.Expr, -1) {
				if !used[name] && !strings.Contains(exported, "\n"+name+" ") && !strings.Contains(exported, "\n"+name+"{") {
					t.Errorf("%q shows %s, which the server doesn't export", panel.Title, name)
				}
				used[name] = true
			}
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^# TYPE (sallyport_\w+) (\w+)`).FindAllStringSubmatch(exported, -1) {
		name := match[1]
		if match[2] == "histogram" {
			name += "_bucket"
		}
		if !used[name] && name != "sallyport_node_info" && name != "sallyport_directory_entries" {
			t.Errorf("the server exports %s, which no panel shows", name)
		}
	}
}

// scrape starts a server and returns what it exports.
func scrape(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	log := &strings.Builder{}
	cmd := exec.Command(server, "serve", "--data", t.TempDir(), "--listen", address)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("the server ended: %v\n%s", err, log)
		}
	})
	const patience = 30 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Post("http://"+address+"/", "application/x-www-form-urlencoded", strings.NewReader("Action=ListUsers&Version=2010-05-08"))
		if err == nil {
			response.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server did not start: %v", err)
		}
	}
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
