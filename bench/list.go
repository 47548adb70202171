package main

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"strconv"
)

// list compares the last page of ListUsers with the first. One client asks for them, a page at a time.
func list(b *bench) error {
	server, at, err := b.serveCrowd()
	if err != nil {
		return err
	}
	defer server.stop()
	page := func(marker string) ([]byte, error) {
		parameters := url.Values{"Action": {"ListUsers"}, "MaxItems": {strconv.Itoa(b.size.page)}}
		if marker != "" {
			parameters.Set("Marker", marker)
		}
		return at.users[0].sign(server.address, "iam", parameters)
	}
	first, err := page("")
	if err != nil {
		return err
	}
	last, pages := first, 1
	for {
		answer, err := ask(server.address, last)
		if err != nil {
			return fmt.Errorf("page %d: %w", pages, err)
		}
		_, rest, more := bytes.Cut(answer, []byte("<Marker>"))
		if !more {
			break
		}
		marker, _, _ := bytes.Cut(rest, []byte("</Marker>"))
		if last, err = page(html.UnescapeString(string(marker))); err != nil {
			return err
		}
		pages++
	}
	far, near := side{process: server, next: repeat(last)}, side{process: server, next: repeat(first)}
	if err := b.compare(1, &far, &near); err != nil {
		return err
	}
	b.table.row(fmt.Sprintf("ListUsers, page %d of %d with %d users each, pages/s (beside it: page 1)", pages, pages, b.size.page),
		far.perSecond.String(), near.perSecond.String(), ratio(far.perSecond, near.perSecond), "≥ 0.9")
	return nil
}
