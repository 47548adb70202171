package pgtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
)

// The further roles of a cluster.
const (
	replication = "replicator"
	rewind      = "rewinder"
)

// The times of a fail-over, in seconds (Patroni, "Dynamic configuration settings"). A primary that is gone loses
// its lock after lockTTL, and then the others elect one of themselves. They are the smallest that Patroni's rule
// loopWait + 2·retryTimeout ≤ ttl gives with a retryTimeout that a busy machine keeps. Patroni before 3.2 takes
// them, and fails over in 7 to 8 seconds; later ones raise the ttl to 20.
const (
	lockTTL      = 7
	loopWait     = 1
	retryTimeout = 3
)

// patroniConfig is a member's file of settings (Patroni, "YAML Configuration Settings"), as JSON, which is
// YAML if it has no tabs.
func (c *Cluster) patroniConfig(m *member, etcd string, options ClusterOptions) (string, error) {
	type object = map[string]any
	login := func(role string) object { return object{"username": role, "password": c.passwords[role]} }
	parameters := map[string]string{
		"unix_socket_directories": "",
		"max_connections":         "200",
		"log_line_prefix":         "%m [%p] %u@%d ",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
	}
	initdb := []any{object{"locale": "C"}, object{"encoding": "UTF8"}, object{"auth": "scram-sha-256"}}
	copying := []any{object{"checkpoint": "fast"}}
	if !options.Durable {
		parameters["fsync"] = "off"
		initdb = append(initdb, "no-sync")
		copying = append(copying, "no-sync")
	}
	maps.Copy(parameters, options.Settings)
	config, err := json.MarshalIndent(object{
		"scope": "sallyport",
		"name":  m.Name,
		"restapi": object{
			"listen": m.REST, "connect_address": m.REST,
		},
		"etcd3": object{"host": etcd},
		"bootstrap": object{
			"dcs": object{
				"ttl": lockTTL, "loop_wait": loopWait, "retry_timeout": retryTimeout,
				"synchronous_mode":        options.Synchronous,
				"synchronous_mode_strict": options.Synchronous,
				"postgresql": object{
					"use_pg_rewind": true, "use_slots": true, "parameters": parameters,
				},
			},
			"initdb": initdb,
		},
		"postgresql": object{
			"listen": m.Addr, "connect_address": m.Addr,
			"data_dir": m.data, "bin_dir": c.programs.postgres, "pgpass": filepath.Join(m.dir, "pgpass"),
			"authentication": object{
				"superuser": login(superuser), "replication": login(replication), "rewind": login(rewind),
			},
			"pg_hba": []string{
				fmt.Sprintf("host all all %s/32 scram-sha-256", loopback),
				fmt.Sprintf("host replication %s %s/32 scram-sha-256", replication, loopback),
			},
			"basebackup": copying,
			"remove_data_directory_on_rewind_failure":     true,
			"remove_data_directory_on_diverged_timelines": true,
		},
	}, "", "  ")
	return strings.TrimSpace(string(config)) + "\n", err
}
