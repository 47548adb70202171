package iam

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sallyport-iam/sallyport/wire"
)

// defaultItems is how many items a list has when MaxItems isn't given.
const defaultItems = 100

// paging turns Marker and MaxItems into a page that asks for one item more than fits, to see whether there are
// more. Markers name the last item returned, so a page costs the same however far back it lies, and stay good
// when items come and go.
func paging(marker *string, maxItems *int32) (Page, error) {
	page := Page{Limit: defaultItems + 1}
	if maxItems != nil {
		page.Limit = int(*maxItems) + 1
	}
	if marker == nil {
		return page, nil
	}
	at := strings.LastIndexByte(*marker, '~')
	if at < 0 || *marker != newMarker((*marker)[:at]) {
		return page, wire.Errorf("ValidationError", "Invalid Marker.")
	}
	page.After = (*marker)[:at]
	return page, nil
}

// newMarker is the key with a checksum, so that a mistyped marker is told from one that is past.
func newMarker(key string) string {
	sum := sha256.Sum256([]byte(key))
	return key + "~" + hex.EncodeToString(sum[:4])
}

// cut takes the item too many off a page: it returns the page's items and, if there are more, the marker of
// the next page.
func cut[T any](items []T, page Page, key func(T) string) (kept []T, truncated bool, marker *string) {
	if len(items) < page.Limit {
		return items, false, nil
	}
	kept = items[:page.Limit-1]
	return kept, true, aws.String(newMarker(key(kept[len(kept)-1])))
}

// prefixed limits a page to paths that begin with prefix.
func prefixed(page Page, prefix *string) Page {
	if prefix != nil && *prefix != "/" {
		page.PathPrefix = *prefix
	}
	return page
}

// transform applies f to every item; the result is never nil, so that an empty list is shown as empty.
func transform[T, U any](items []T, f func(T) U) []U {
	out := make([]U, len(items))
	for i, item := range items {
		out[i] = f(item)
	}
	return out
}

// chain is a page over several lists, one after another. The keys of its markers begin with the number of the
// list that the last item came from.
func chain[T any](page Page, key func(T) string, lists ...func(Page) ([]T, error)) (kept []T, truncated bool, marker *string, err error) {
	type numbered struct {
		list int
		item T
	}
	first, after := 0, ""
	if page.After != "" {
		number, rest, ok := strings.Cut(page.After, "/")
		if first, err = strconv.Atoi(number); err != nil || !ok || first < 0 {
			return nil, false, nil, wire.Errorf("ValidationError", "Invalid Marker.")
		}
		after = rest
	}
	var all []numbered
	for i := first; i < len(lists) && len(all) < page.Limit; i++ {
		items, err := lists[i](Page{PathPrefix: page.PathPrefix, After: after, Limit: page.Limit - len(all)})
		if err != nil {
			return nil, false, nil, err
		}
		for _, item := range items {
			all = append(all, numbered{i, item})
		}
		after = ""
	}
	all, truncated, marker = cut(all, page, func(n numbered) string { return strconv.Itoa(n.list) + "/" + key(n.item) })
	return transform(all, func(n numbered) T { return n.item }), truncated, marker, nil
}

// filtered reads a list on until a page is full of items that keep accepts.
func filtered[T any](page Page, list func(Page) ([]T, error), key func(T) string, keep func(T) bool) ([]T, error) {
	var kept []T
	scan := page
	scan.Limit = max(page.Limit, defaultItems)
	for {
		items, err := list(scan)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if !keep(item) {
				continue
			}
			if kept = append(kept, item); len(kept) == page.Limit {
				return kept, nil
			}
		}
		if len(items) < scan.Limit {
			return kept, nil
		}
		scan.After = key(items[len(items)-1])
	}
}

// everyPage reads a list to its end.
func everyPage[T any](list func(Page) ([]T, error), key func(T) string) ([]T, error) {
	var all []T
	page := Page{Limit: 1000}
	for {
		items, err := list(page)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if len(items) < page.Limit {
			return all, nil
		}
		page.After = key(items[len(items)-1])
	}
}
