package iam

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/sallyport-iam/sallyport/wire"
)

// Tag is a key and a value on an entity.
type Tag struct {
	Key   string `json:"k"`
	Value string `json:"v"`
}

// maxTags is how many tags an entity can have.
const maxTags = 50

// tagRules says how the keys of an entity's tags compare: those of MFA devices and managed policies with
// regard to case, those of users and roles without.
type tagRules struct {
	equal     func(a, b string) bool
	duplicate string
}

var (
	caseInsensitiveTags = tagRules{SameTagKey, "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
	caseSensitiveTags   = tagRules{func(a, b string) bool { return a == b }, "Duplicate tag keys found."}
)

// SameTagKey tells whether two keys are one where case does not count, by the folding of names and by that of
// condition keys: İ is the i of a condition key, and must not pass as another tag.
func SameTagKey(a, b string) bool {
	lowerA, lowerB := strings.ToLower(a), strings.ToLower(b)
	return strings.EqualFold(a, b) || lowerA == lowerB
}

// add returns the entity's tags with those of a request added; a tag whose key is there already is replaced,
// spelling and all.
func (r tagRules) add(present []Tag, sent []types.Tag) ([]Tag, error) {
	all := slices.Clone(present)
	for i, t := range sent {
		key := aws.ToString(t.Key)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return nil, wire.Errorf("InvalidInput", "Tag keys beginning with aws: are reserved for system use.")
		}
		for _, other := range sent[:i] {
			if r.equal(key, aws.ToString(other.Key)) {
				return nil, wire.Errorf("InvalidInput", "%s", r.duplicate)
			}
		}
		tag := Tag{key, aws.ToString(t.Value)}
		if at := slices.IndexFunc(all, func(t Tag) bool { return r.equal(t.Key, key) }); at >= 0 {
			all[at] = tag
		} else {
			all = append(all, tag)
		}
	}
	if len(all) > maxTags {
		return nil, wire.Errorf("LimitExceeded", "The number of tags has reached the maximum limit.")
	}
	return all, nil
}

// retag is add for the operations that do nothing else, and so need tags to add.
func (r tagRules) retag(present []Tag, sent []types.Tag) ([]Tag, error) {
	if len(sent) == 0 {
		return nil, wire.Errorf("InvalidInput", "Error occurred while validating input. ")
	}
	return r.add(present, sent)
}

// remove returns the entity's tags without those with the keys.
func (r tagRules) remove(present []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(present), func(t Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return r.equal(k, t.Key) })
	})
}

// sentTags are a request's tags as ours, for condition keys; what is wrong with them add will say.
func sentTags(sent []types.Tag) []Tag {
	return transform(sent, func(t types.Tag) Tag { return Tag{aws.ToString(t.Key), aws.ToString(t.Value)} })
}

// newestFirst orders tags for condition keys. Those ignore case, and a key set twice keeps its last value: of tags
// that differ only in case the oldest counts, so that adding another hides none that a policy goes by.
func newestFirst(tags []Tag) []Tag {
	reversed := slices.Clone(tags)
	slices.Reverse(reversed)
	return reversed
}

// shownTags are tags as the API returns them, nil if there are none.
func shownTags(tags []Tag) []types.Tag {
	if len(tags) == 0 {
		return nil
	}
	return transform(tags, func(t Tag) types.Tag { return types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)} })
}

// pageOfTags is a list operation's page of tags, sorted by key. Its markers are hashes of keys, since a key may
// have characters that a marker may not.
func pageOfTags(tags []Tag, marker *string, maxItems *int32) ([]types.Tag, bool, *string, error) {
	hash := func(t Tag) string {
		sum := sha256.Sum256([]byte(t.Key))
		return hex.EncodeToString(sum[:8])
	}
	page, err := paging(marker, maxItems)
	if err != nil {
		return nil, false, nil, err
	}
	sorted := slices.SortedFunc(slices.Values(tags), func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	if page.After != "" {
		at := slices.IndexFunc(sorted, func(t Tag) bool { return hash(t) == page.After })
		if at < 0 {
			return nil, false, nil, wire.Errorf("ValidationError", "Invalid Marker.")
		}
		sorted = sorted[at+1:]
	}
	kept, truncated, next := cut(sorted[:min(len(sorted), page.Limit)], page, hash)
	shown := shownTags(kept)
	if shown == nil {
		shown = []types.Tag{}
	}
	return shown, truncated, next, nil
}

// tagTarget adds to a target what tagging it is authorised with.
func tagTarget(target Target, sent []types.Tag) Target {
	target.Conditions = append(target.Conditions, RequestTags(newestFirst(sentTags(sent)))...)
	return target
}

// untagTarget adds to a target the keys that are to be removed.
func untagTarget(target Target, keys []string) Target {
	if len(keys) > 0 {
		target.Conditions = append(target.Conditions, Condition{Key: "aws:TagKeys", Values: keys, Multi: true})
	}
	return target
}
