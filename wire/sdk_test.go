package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
)

// The real SDK clients are the reference for both directions: what they send
// must decode to what they were given, and what is encoded must come out of
// them unchanged. No request leaves the process.

// transport keeps the body it is asked to send and answers with a fixed one.
type transport struct {
	sent   []byte
	status int
	answer []byte
}

func (t *transport) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	t.sent = body
	if t.status == 0 {
		return nil, errors.New("captured")
	}
	return &http.Response{
		StatusCode: t.status,
		Header:     http.Header{"Content-Type": {"text/xml"}},
		Body:       io.NopCloser(bytes.NewReader(t.answer)),
		Request:    r,
	}, nil
}

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "none"}, nil
})

// operation is one method of an SDK client.
type operation struct {
	svc    Service
	action string
	input  reflect.Type // of the struct
	output reflect.Type
	module string
}

func (o operation) String() string { return o.svc.Name + "." + o.action }

// call runs the operation on a real client over t.
func (o operation) call(t *transport, in any) (any, error) {
	var client any
	switch o.svc.Name {
	case "iam":
		client = awsiam.New(awsiam.Options{Region: "us-east-1", Credentials: credentials, HTTPClient: t, Retryer: aws.NopRetryer{}})
	case "sts":
		client = awssts.New(awssts.Options{Region: "us-east-1", Credentials: credentials, HTTPClient: t, Retryer: aws.NopRetryer{}})
	}
	res := reflect.ValueOf(client).MethodByName(o.action).Call([]reflect.Value{
		reflect.ValueOf(context.Background()), reflect.ValueOf(in),
	})
	err, _ := res[1].Interface().(error)
	return res[0].Interface(), err
}

// operations lists every operation of the two SDK clients.
func operations() []operation {
	var all []operation
	for _, s := range []struct {
		svc    Service
		client reflect.Type
		module string
	}{
		{IAM, reflect.TypeFor[*awsiam.Client](), "github.com/aws/aws-sdk-go-v2/service/iam"},
		{STS, reflect.TypeFor[*awssts.Client](), "github.com/aws/aws-sdk-go-v2/service/sts"},
	} {
		for i := range s.client.NumMethod() {
			m := s.client.Method(i)
			if m.Type.NumIn() < 3 || m.Type.NumOut() != 2 || m.Type.In(2).Kind() != reflect.Pointer ||
				m.Type.In(2).Elem().Name() != m.Name+"Input" {
				continue
			}
			all = append(all, operation{s.svc, m.Name, m.Type.In(2).Elem(), m.Type.Out(0).Elem(), s.module})
		}
	}
	return all
}

// moduleDir asks the go command where a module's source is.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil || len(bytes.TrimSpace(dir)) == 0 {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(dir))
}

// filler sets every member of an SDK struct to a value unlike the others.
type filler struct {
	n     int
	lists int // elements in every list and map
}

// awkward is text that a careless codec changes.
const awkward = " a+b%26 <&>\"' ]]> é𝄞 \t\r\n\r end "

func (f *filler) fill(v reflect.Value) {
	f.n++
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(time.Date(2023, 4, 27, 20, 58, f.n%60, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if sf := v.Type().Field(i); sf.IsExported() && sf.Name != "ResultMetadata" {
				f.fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{0, 0xff, byte(f.n)})
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), f.lists, f.lists))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range f.lists {
			e := reflect.New(v.Type().Elem()).Elem()
			f.fill(e)
			v.SetMapIndex(reflect.ValueOf(fmt.Sprint(i, awkward)).Convert(v.Type().Key()), e)
		}
	case reflect.Interface:
		members := unions[v.Type()]
		m := reflect.New(members[f.n%len(members)])
		f.fill(m.Elem())
		v.Set(m)
	case reflect.String:
		v.SetString(fmt.Sprint(f.n, awkward))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(-f.n))
	default:
		panic(fmt.Sprintf("no value for %v", v.Type()))
	}
}

// filled returns a pointer to a filled struct of the type.
func filled(t reflect.Type, lists int) any {
	v := reflect.New(t)
	(&filler{lists: lists}).fill(v.Elem())
	return v.Interface()
}

// withoutMetadata clears what the SDK itself adds to an output.
func withoutMetadata(out any) any {
	v := reflect.ValueOf(out).Elem().FieldByName("ResultMetadata")
	v.SetZero()
	return out
}
