//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/deploy"
)

// startNodes starts Sallyport's nodes. The first makes the keyset, the schema and the account; so it goes first.
func (c *cluster) startNodes(ctx context.Context) error {
	password, err := c.secret("root")
	if err != nil {
		return err
	}
	for i := range members {
		name := fmt.Sprintf("node%d", i+1)
		data := filepath.Join(c.dir, name)
		if err := os.MkdirAll(data, 0o700); err != nil {
			return err
		}
		node := &child{
			name: name, program: c.server, home: data, rest: 20 * time.Second,
			args: []string{
				"serve", "--data", data, "--listen", c.address(nodePorts + i),
				"--keyset", filepath.Join(c.dir, "keyset.json"),
				"--external-url", fmt.Sprintf("http://localhost:%d", c.port), "--trusted-proxy", "127.0.0.1",
			},
			env: []string{"SALLYPORT_DATABASE=" + c.database.url, "SALLYPORT_ROOT_PASSWORD=" + password},
		}
		if err := c.supervisor.start(node); err != nil {
			return err
		}
		if err := c.waitFor(ctx, node, answers("http://"+c.address(nodePorts+i)+"/readyz")); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) startProxy(ctx context.Context) error {
	program, err := lookPath("haproxy")
	if err != nil {
		return err
	}
	path := filepath.Join(c.dir, "haproxy.cfg")
	if err := os.WriteFile(path, []byte(deploy.HAProxy), 0o600); err != nil {
		return err
	}
	proxy := &child{
		name: "proxy", program: program, home: c.dir, rest: 5 * time.Second,
		args: []string{"-db", "-f", path}, // -db: stay in the foreground
		env:  []string{"SALLYPORT_BIND=" + c.address(0)},
	}
	for i := range members {
		proxy.env = append(proxy.env, fmt.Sprintf("SALLYPORT_NODE%d=%s", i+1, c.address(nodePorts+i)))
	}
	if err := c.supervisor.start(proxy); err != nil {
		return err
	}
	return c.waitFor(ctx, proxy, answers("http://"+c.address(0)+"/readyz"))
}
