package pgtest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"time"
)

// Proxy passes TCP connections on to a server until it is told to do worse. Its methods may be called from any
// goroutine.
type Proxy struct {
	target  string
	addr    string
	running sync.WaitGroup // goroutines

	mu       sync.Mutex // of what follows
	mode     mode
	delay    time.Duration
	changed  chan struct{} // closed and made anew at every change
	listener net.Listener  // nil while it refuses connections
	links    map[*link]struct{}
}

type mode int

const (
	passing mode = iota
	stalled
	cut
	closed
)

// NewProxy starts a proxy to a server's host:port.
func NewProxy(target string) (*Proxy, error) {
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		target: target, addr: listener.Addr().String(), listener: listener,
		changed: make(chan struct{}), links: map[*link]struct{}{},
	}
	p.running.Go(func() { p.accept(listener) })
	return p, nil
}

// Addr is the proxy's host:port, which stays the same.
func (p *Proxy) Addr() string { return p.addr }

// URL is a server's URL with the proxy's host and port for the server's.
func (p *Proxy) URL(serverURL string) string {
	u, err := url.Parse(serverURL)
	if err != nil {
		return serverURL // which says itself, where it is used, that it is none
	}
	u.Host = p.addr
	return u.String()
}

// Cut resets all connections and refuses new ones, as a host does whose program is gone.
func (p *Proxy) Cut() error { return p.set(cut) }

// Stall lets connections be and passes nothing, not even that one side has closed. New ones are accepted and get
// nothing. So does a network that loses everything, or a host that is frozen.
func (p *Proxy) Stall() error { return p.set(stalled) }

// Restore ends Cut and Stall. What was held back by Stall arrives then, as TCP would send it again. It fails if
// another program has taken the proxy's port during a Cut.
func (p *Proxy) Restore() error { return p.set(passing) }

// Close resets all connections, stops listening for good, and returns when all goroutines have ended.
func (p *Proxy) Close() error {
	err := p.set(closed)
	p.running.Wait()
	return err
}

// Delay makes the bytes that each direction gets from now on arrive that much later, in their order; 0 ends it. A
// round trip takes double the delay longer. Accepting a connection is not delayed.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

func (p *Proxy) set(m mode) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == closed {
		if m == closed {
			return nil
		}
		return net.ErrClosed
	}
	refuses := m == cut || m == closed
	if !refuses && p.listener == nil {
		listener, err := net.Listen("tcp", p.addr)
		if err != nil {
			return err
		}
		p.listener = listener
		p.running.Go(func() { p.accept(listener) })
	}
	p.mode = m
	close(p.changed)
	p.changed = make(chan struct{})
	if !refuses {
		return nil
	}
	var err error
	if p.listener != nil {
		err = p.listener.Close()
		p.listener = nil
	}
	for l := range p.links {
		l.reset()
	}
	return err
}

// accept accepts connections until the listener is closed.
func (p *Proxy) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too many open files: the client sees a connection that nobody answers
			time.Sleep(10 * time.Millisecond)
			continue
		}
		l := &link{proxy: p, client: conn.(*net.TCPConn)}
		l.ctx, l.end = context.WithCancel(context.Background())
		p.mu.Lock()
		if p.mode == cut || p.mode == closed {
			l.reset()
		} else {
			p.links[l] = struct{}{}
			p.running.Go(l.run)
		}
		p.mu.Unlock()
	}
}

// pass waits until bytes pass, or the context ends.
func (p *Proxy) pass(ctx context.Context) error {
	for {
		p.mu.Lock()
		mode, changed := p.mode, p.changed
		p.mu.Unlock()
		if mode == passing {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// due is when bytes arrive that came now.
func (p *Proxy) due() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Add(p.delay)
}

// link is one connection through the proxy.
type link struct {
	proxy  *Proxy
	client *net.TCPConn
	ctx    context.Context // ends with the link
	end    context.CancelFunc

	mu     sync.Mutex
	server *net.TCPConn // nil until the server was reached
}

// run connects to the server and passes bytes until both sides have closed or one is reset.
func (l *link) run() {
	defer func() {
		l.reset()
		l.proxy.mu.Lock()
		delete(l.proxy.links, l)
		l.proxy.mu.Unlock()
	}()
	if l.proxy.pass(l.ctx) != nil {
		return
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(l.ctx, "tcp", l.proxy.target)
	if err != nil {
		return // the client's connection is reset: the nearest to a refusal when it was accepted already
	}
	server := conn.(*net.TCPConn)
	l.mu.Lock()
	l.server = server
	l.mu.Unlock()
	if l.ctx.Err() != nil { // reset came while there was no server to reset
		reset(server)
		return
	}
	var directions sync.WaitGroup
	directions.Go(func() { l.copy(server, l.client) })
	directions.Go(func() { l.copy(l.client, server) })
	directions.Wait()
	if l.ctx.Err() == nil { // both sides have closed in order
		_ = l.client.Close()
		_ = server.Close()
	}
}

// reset ends both connections with a TCP reset and drops what is on its way.
func (l *link) reset() {
	l.end()
	reset(l.client)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil {
		reset(l.server)
	}
}

func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0) // tcp(7): Close discards what is unsent and resets; on a closed connection it does nothing
	_ = conn.Close()
}

// chunk is what was read at once: bytes, and then perhaps the end.
type chunk struct {
	bytes []byte
	err   error // of reading: io.EOF, or a reset
	due   time.Time
}

// copy passes the bytes of one direction, then its end: a half-close as a half-close, a reset as a reset.
func (l *link) copy(to, from *net.TCPConn) {
	// What is under way is bounded; a full queue holds the sender back as a full socket does.
	queue := make(chan chunk, 64)
	var reader sync.WaitGroup
	defer reader.Wait()
	reader.Go(func() { l.read(queue, from) })
	for c := range queue {
		if sleep(l.ctx, time.Until(c.due)) != nil || l.proxy.pass(l.ctx) != nil {
			return
		}
		if _, err := to.Write(c.bytes); err != nil || c.err != nil && !errors.Is(c.err, io.EOF) {
			l.reset()
			return
		}
		if c.err != nil {
			_ = to.CloseWrite()
		}
	}
}

// read fills the queue until the connection ends, and closes it.
func (l *link) read(queue chan<- chunk, from *net.TCPConn) {
	defer close(queue)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		select {
		case queue <- chunk{buffer[:n], err, l.proxy.due()}:
		case <-l.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
