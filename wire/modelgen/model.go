package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
)

// model is the part of a botocore service model that matters here.
type model struct {
	Metadata struct {
		APIVersion string `json:"apiVersion"`
		ServiceID  string `json:"serviceId"`
	} `json:"metadata"`
	Operations map[string]struct {
		Input  *ref `json:"input"`
		Output *ref `json:"output"`
	} `json:"operations"`
	Shapes map[string]*modelShape `json:"shapes"`
}

type ref struct {
	Shape string `json:"shape"`
}

type modelShape struct {
	Type      string   `json:"type"`
	Min       *int64   `json:"min"`
	Max       *int64   `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Required  []string `json:"required"`
	Members   members  `json:"members"`
	Member    *ref     `json:"member"`
	Value     *ref     `json:"value"`
	Sensitive bool     `json:"sensitive"`
	Exception bool     `json:"exception"`
	Union     bool     `json:"union"`
	Error     *struct {
		Code   string `json:"code"`
		Status int    `json:"httpStatusCode"`
	} `json:"error"`
}

// members keeps the order of the model, in which AWS reports violations.
type members []struct{ Name, Shape string }

func (m *members) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var r ref
		if err := d.Decode(&r); err != nil {
			return err
		}
		*m = append(*m, struct{ Name, Shape string }{name.(string), r.Shape})
	}
	return nil
}

func readModel(path string) (*model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(z); err != nil {
			return nil, err
		}
		data = b.Bytes()
	}
	m := new(model)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(m.Operations) == 0 || len(m.Shapes) == 0 {
		return nil, fmt.Errorf("%s: no service model", path)
	}
	return m, nil
}
