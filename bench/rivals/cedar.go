package main

import (
	_ "embed"
	"net/netip"
	"strings"
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
)

//go:embed policies.cedar
var cedarPolicies []byte

// cedarGo decides over the same rules written by hand (policies.cedar), which differ in one thing: a policy of several
// statements is several policies in Cedar. Sallyport compares texts and patterns where Cedar looks up entities that
// somebody has loaded; they are loaded here before the clock starts, and are no more than the questions need.
func cedarGo() (engine, error) {
	policies, err := cedar.NewPolicySetFromBytes("policies.cedar", cedarPolicies)
	if err != nil {
		return engine{}, err
	}
	entities := cedarEntities()
	return engine{"cedar-go", func(q question) func() bool {
		now, err := time.Parse(time.RFC3339, q.now)
		if err != nil {
			panic(err)
		}
		request := cedar.Request{
			Principal: cedarResource(alice),
			Action:    cedar.NewEntityUID("Action", cedar.String(q.action)),
			Resource:  cedarResource(q.resource),
			Context: cedar.NewRecord(cedar.RecordMap{
				"mfa":         cedar.Boolean(q.mfa == "true"),
				"sourceIp":    cedar.IPAddr(netip.PrefixFrom(netip.MustParseAddr(q.ip), netip.MustParseAddr(q.ip).BitLen())),
				"currentTime": cedar.NewDatetime(now),
			}),
		}
		return func() bool {
			decision, _ := cedar.Authorize(policies, entities, request)
			return decision == cedar.Allow
		}
	}}, nil
}

// cedarEntities are the actions and resources of the questions, each with its groups.
func cedarEntities() cedar.EntityMap {
	entities := cedar.EntityMap{}
	for _, q := range questions {
		action := cedar.NewEntityUID("Action", cedar.String(q.action))
		entities[action] = cedar.Entity{UID: action, Parents: types.NewEntityUIDSet(actionGroups(q.action)...)}
		resource := cedarResource(q.resource)
		entity := cedar.Entity{UID: resource}
		name := string(resource.ID)
		switch bucket, object, _ := strings.Cut(name, "/"); {
		case resource.Type == "Object":
			entity.Parents = types.NewEntityUIDSet(cedar.NewEntityUID("Bucket", cedar.String(bucket)))
			if owner, _, ok := strings.Cut(object, "/"); ok && bucket == "home" {
				who := cedarResource("arn:aws:iam::" + account + ":user/" + owner)
				entity.Attributes = cedar.NewRecord(cedar.RecordMap{"owner": who})
			}
		case resource.Type == "Role" && strings.Contains(name, ":role/deploy/"):
			entity.Parents = types.NewEntityUIDSet(cedar.NewEntityUID("Path", "role/deploy"))
		}
		entities[resource] = entity
	}
	return entities
}

// actionGroups are the patterns of the policies that match an action.
func actionGroups(action string) (groups []cedar.EntityUID) {
	for _, pattern := range []string{"iam:Delete*", "iam:Deactivate*", "s3:Delete*", "s3:Get*", "s3:List*", "s3:*"} {
		if strings.HasPrefix(action, strings.TrimSuffix(pattern, "*")) {
			groups = append(groups, cedar.NewEntityUID("Action", cedar.String(pattern)))
		}
	}
	return groups
}

// cedarResource is the entity that an ARN stands for.
func cedarResource(arn string) cedar.EntityUID {
	kind := "Account" // "*"
	if name, ok := strings.CutPrefix(arn, "arn:aws:s3:::"); ok {
		kind, arn = "Bucket", name
		if strings.Contains(name, "/") {
			kind = "Object"
		}
	}
	for prefix, name := range map[string]string{":user/": "User", ":mfa/": "MFADevice", ":role/": "Role"} {
		if strings.Contains(arn, prefix) {
			kind = name
		}
	}
	return cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(arn))
}
