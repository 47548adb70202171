package pgtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Ports are taken from below those that Linux gives to outgoing connections (ip_local_port_range, 32768 and up):
// while a server is down, a client that tries to reach it must neither get its port nor connect to itself.
const (
	firstPort = 20000
	lastPort  = 32000
)

// listen listens on a free port of the loopback address.
func listen() (net.Listener, error) {
	const tries = 100
	for range tries {
		listener, err := net.Listen("tcp", address(firstPort+rand.IntN(lastPort-firstPort)))
		if err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("no free port between %d and %d in %d tries", firstPort, lastPort, tries)
}

// freePorts finds different ports that are free now. Another process may take one first, so who can tries again.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := listen()
		if err != nil {
			return nil, err
		}
		defer listener.Close() // once all are found
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
