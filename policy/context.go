package policy

import "strings"

// Context holds the condition keys of a request. The zero value is empty and
// ready. Names are compared without regard to case; giving them in lower case
// saves an allocation. A key set twice keeps its last value.
//
// A Context is not safe for concurrent use while keys are added; once filled it
// may be shared, as the base of others too.
type Context struct {
	base    *Context
	entries []entry
}

// entry distinguishes a key with one value from a list of one: a list never
// matches an operator without ForAllValues or ForAnyValue.
type entry struct {
	key    string
	multi  bool
	value  string
	values []string
}

// NewContext returns a context that adds to, and overrides, the keys of base,
// which may be nil. It has room for n keys of its own.
func NewContext(base *Context, n int) *Context {
	return &Context{base: base, entries: make([]entry, 0, n)}
}

// Add sets a key that is single-valued by its type; an empty value is present.
func (c *Context) Add(key, value string) {
	c.entries = append(c.entries, entry{key: strings.ToLower(key), value: value})
}

// AddMulti sets a key that is multi-valued by its type, such as aws:TagKeys,
// however many values there are; without values the key is present and empty.
func (c *Context) AddMulti(key string, values ...string) {
	c.entries = append(c.entries, entry{key: strings.ToLower(key), multi: true, values: values})
}

// Get returns the value of a single-valued key.
func (c *Context) Get(key string) (value string, ok bool) {
	e := c.find(strings.ToLower(key))
	if e == nil || e.multi {
		return "", false
	}
	return e.value, true
}

// Reset removes the keys and gives the context a new base, keeping its memory.
func (c *Context) Reset(base *Context) {
	clear(c.entries)
	c.base, c.entries = base, c.entries[:0]
}

func (c *Context) find(key string) *entry {
	for ; c != nil; c = c.base {
		for i := len(c.entries) - 1; i >= 0; i-- {
			if c.entries[i].key == key {
				return &c.entries[i]
			}
		}
	}
	return nil
}
