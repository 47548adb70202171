package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// secretNames are the names, in lower case, under which IAM, STS and the sign-in
// carry passwords, keys, seeds, codes and tokens. Callers are to leave such values
// out; this is the net below them.
var secretNames = map[string]bool{
	"password": true, "newpassword": true, "oldpassword": true, "servicepassword": true,
	"secretaccesskey": true, "sessiontoken": true, "servicecredentialsecret": true,
	"tokencode": true, "authenticationcode1": true, "authenticationcode2": true,
	"base32stringseed": true, "qrcodepng": true, "seed": true, "secret": true,
	"privatekey": true, "samlassertion": true, "webidentitytoken": true,
	"providedcontexts": true, "tradeintoken": true, "signintoken": true, "token": true,
	"code": true, "otp": true, "cookie": true, "authorization": true,
}

// parameters returns the JSON of one of the free fields, secrets hidden and size
// bounded. cut says what was shortened, "" for nothing.
//
// Long strings go first, so that a padded policy document can't push out the name
// of the user it was put on.
func parameters(value any) (text json.RawMessage, cut string, err error) {
	text, err = marshal(value)
	if err != nil {
		return nil, "", err
	}
	if len(text) <= maxParameters && !mayHoldSecret(text) {
		return text, "", nil
	}
	size := len(text)
	tree, err := tree(text)
	if err != nil {
		return nil, "", err
	}
	hide(tree)
	for _, longest := range []int{maxParameters, 16 << 10, 256} {
		if longest < maxParameters {
			tree = cutStrings(tree, longest)
			cut = fmt.Sprintf("%d bytes, texts cut at %d", size, longest)
		}
		if text, err = marshal(tree); err != nil {
			return nil, "", err
		}
		if len(text) <= maxParameters {
			return text, cut, nil
		}
	}
	return json.RawMessage(`{"omitted":true}`), fmt.Sprintf("%d bytes, omitted", size), nil
}

// tree decodes JSON keeping numbers as they were written.
func tree(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	err := decoder.Decode(&v)
	return v, err
}

// mayHoldSecret is a quick look, allowed to say yes too often: is there any key at
// all whose name is a secret's?
func mayHoldSecret(text []byte) bool {
	for rest := text; ; {
		end := bytes.Index(rest, []byte(`":`))
		if end < 0 {
			return false
		}
		start := bytes.LastIndexByte(rest[:end], '"')
		name := rest[start+1 : end]
		if bytes.IndexByte(name, '\\') >= 0 || secretNames[strings.ToLower(string(name))] {
			return true
		}
		rest = rest[end+2:]
	}
}

// hide replaces the value of every secret name, at any depth.
func hide(node any) {
	switch node := node.(type) {
	case map[string]any:
		for name, value := range node {
			if secretNames[strings.ToLower(name)] && value != nil {
				node[name] = Hidden
			} else {
				hide(value)
			}
		}
	case []any:
		for _, value := range node {
			hide(value)
		}
	}
}

// cutStrings returns the tree with every string, keys too, of at most n bytes.
func cutStrings(node any, n int) any {
	switch node := node.(type) {
	case string:
		return shorten(node, n)
	case map[string]any:
		out := make(map[string]any, len(node))
		for _, name := range slices.Sorted(maps.Keys(node)) { // sorted, so that two keys cut to one give the same result each time
			out[shorten(name, n)] = cutStrings(node[name], n)
		}
		return out
	case []any:
		for i := range node {
			node[i] = cutStrings(node[i], n)
		}
	}
	return node
}
