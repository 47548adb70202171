package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// source gives the requests, ready to be written to a connection; nil when there are no more. It is called by
// all connections at once.
type source func() []byte

// repeat is a source that gives the same request for ever.
func repeat(request []byte) source { return func() []byte { return request } }

// once is a source that gives every request a single time.
func once(requests [][]byte) source {
	var n atomic.Int64
	return func() []byte {
		if i := int(n.Add(1)) - 1; i < len(requests) {
			return requests[i]
		}
		return nil
	}
}

// load keeps connections busy with one request at a time each, until the time is over or the source dry, and
// returns how many were answered. An answer that is not 200 ends it with an error.
func load(address string, connections int, limit time.Duration, next source) (answered int, err error) {
	var (
		total   atomic.Int64
		failure = make(chan error, connections)
		running sync.WaitGroup
		over    = time.Now().Add(limit)
	)
	for range connections {
		running.Go(func() {
			n, err := exchange(address, over, next)
			total.Add(int64(n))
			if err != nil {
				failure <- err
			}
		})
	}
	running.Wait()
	select {
	case err = <-failure:
	default:
		if total.Load() == 0 {
			err = fmt.Errorf("no request was answered in %v", limit)
		}
	}
	return int(total.Load()), err
}

// exchange is the load of one connection.
func exchange(address string, over time.Time, next source) (answered int, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	conn.SetDeadline(over.Add(30 * time.Second))
	answers := bufio.NewReader(conn)
	for time.Now().Before(over) {
		request := next()
		if request == nil {
			break
		}
		if _, err := conn.Write(request); err != nil {
			return answered, err
		}
		if err := readAnswer(answers, io.Discard); err != nil {
			return answered, err
		}
		answered++
	}
	return answered, nil
}

// readAnswer reads an HTTP response, its body into w. It knows just what this takes, because http.ReadResponse
// costs a good part of what a server needs to answer.
func readAnswer(r *bufio.Reader, w io.Writer) error {
	header, err := readHeader(r)
	if err != nil {
		return err
	}
	body, err := answerBody(r, header)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(header, []byte("HTTP/1.1 200 ")) {
		refusal, _ := io.ReadAll(io.LimitReader(body, 1<<10))
		return fmt.Errorf("not answered: %s", refusal)
	}
	if _, err := io.Copy(w, body); err != nil {
		return err
	}
	if counted, ok := body.(*io.LimitedReader); !ok {
		_, err = r.Discard(len("\r\n")) // behind the last chunk
	} else if counted.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// answerBody is what follows the header: so many bytes or, where the server did not know how many, chunks.
func answerBody(r *bufio.Reader, header []byte) (io.Reader, error) {
	if bytes.Contains(header, []byte("\r\nTransfer-Encoding: chunked")) {
		return httputil.NewChunkedReader(r), nil
	}
	_, text, found := bytes.Cut(header, []byte("\r\nContent-Length: "))
	text, _, _ = bytes.Cut(text, []byte("\r\n"))
	length, err := strconv.ParseInt(string(text), 10, 64)
	if !found || err != nil {
		return nil, fmt.Errorf("an answer without its length: %q", header)
	}
	return io.LimitReader(r, length), nil
}

// readHeader peeks until the reader holds a whole header, and takes it. It is good until the next read.
func readHeader(r *bufio.Reader) ([]byte, error) {
	for want := 1; ; want = r.Buffered() + 1 {
		if _, err := r.Peek(want); err != nil {
			return nil, err
		}
		seen, _ := r.Peek(r.Buffered())
		if end := bytes.Index(seen, []byte("\r\n\r\n")); end >= 0 {
			r.Discard(end + 4)
			return seen[:end+4], nil
		}
	}
}
