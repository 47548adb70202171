package api_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sallyport-iam/sallyport/api"
	"github.com/sallyport-iam/sallyport/iam"
	"github.com/sallyport-iam/sallyport/wire"
)

// failing is a handler of one operation, whose method or authenticator fails as the test wants.
func failing(authenticate api.Authenticator, method func()) (*api.Handler, *prometheus.Registry, *bytes.Buffer) {
	registry, log := prometheus.NewRegistry(), &bytes.Buffer{}
	h := &api.Handler{
		IAM: &iam.Service{Now: time.Now, Reads: func(iam.AuditEntry) {}}, Signatures: authenticate,
		Metrics: api.NewMetrics(registry), Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now,
	}
	h.Serve([]iam.Operation{
		iam.Memory("GetCallerIdentity", func(*iam.Caller, *awssts.GetCallerIdentityInput) (*awssts.GetCallerIdentityOutput, error) {
			method()
			return &awssts.GetCallerIdentityOutput{}, nil
		}).InSTS(),
	})
	return h, registry, log
}

// trusting takes every request for one of root.
func trusting(context.Context, *http.Request, []byte, wire.Form) (*iam.Caller, wire.Service, error) {
	return &iam.Caller{Principal: &iam.Principal{Account: "123456789012", ID: "123456789012"}}, wire.STS, nil
}

func request(action string) *http.Request {
	return httptest.NewRequest("GET", "/?Version=2011-06-15&Action="+action, nil)
}

// counted fails the test unless requests of exactly one action and result were counted, and one of them.
func counted(t *testing.T, registry *prometheus.Registry, action, result string) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, family := range families {
		if family.GetName() == "sallyport_requests_total" {
			for _, m := range family.Metric { // the labels are sorted by name
				got = append(got, fmt.Sprint(m.Label[0].GetValue(), " ", m.Label[1].GetValue(), " ", m.Counter.GetValue()))
			}
		}
	}
	if want := action + " " + result + " 1"; !slices.Equal(got, []string{want}) {
		t.Errorf("counted %q, want %q", got, want)
	}
}

func TestAPanicIsAFailureOfItsRequestOnly(t *testing.T) {
	h, registry, log := failing(trusting, func() { panic("out of cheese") })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("GetCallerIdentity"))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "<Code>ServiceFailure</Code>") ||
		strings.Contains(w.Body.String(), "cheese") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	for _, want := range []string{"level=ERROR", "out of cheese", "failure_test.go", w.Header().Get("X-Amzn-Requestid")} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	counted(t, registry, "GetCallerIdentity", "ServiceFailure")
}

// A change panics inside of its transaction, where the store catches it.
func TestAPanicInATransactionHasItsStackInTheLog(t *testing.T) {
	h, root := newHandler(t)
	log := &bytes.Buffer{}
	h.Log = slog.New(slog.NewTextHandler(log, nil))
	clock := h.IAM.Now
	h.IAM.Now = func() time.Time { panic("no clock") }
	defer func() { h.IAM.Now = clock }()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, sign(t, root, "iam", "Action=CreateUser&UserName=bob&Version=2010-05-08"))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	for _, want := range []string{"level=ERROR", "no clock", "failure_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
}

// net/http knows this one, and ends the connection without a word.
func TestErrAbortHandlerPasses(t *testing.T) {
	h, _, log := failing(trusting, func() { panic(http.ErrAbortHandler) })
	defer func() {
		if value := recover(); value != http.ErrAbortHandler || log.Len() > 0 {
			t.Errorf("panicked with %v and logged %s", value, log)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), request("GetCallerIdentity"))
	t.Error("the panic was lost")
}

func TestARequestThatTookTooLongIsToBeTriedAgain(t *testing.T) {
	late := func(ctx context.Context, _ *http.Request, _ []byte, _ wire.Form) (*iam.Caller, wire.Service, error) {
		return nil, wire.IAM, fmt.Errorf("store: %w", context.DeadlineExceeded)
	}
	h, registry, log := failing(late, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request("GetUser"))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" ||
		!strings.Contains(w.Body.String(), "<Code>ServiceUnavailable</Code>") {
		t.Errorf("answered %d %v %s", w.Code, w.Header(), w.Body)
	}
	if !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("logged %s", log)
	}
	counted(t, registry, "none", "ServiceUnavailable")
}

// The same through the database: the time is over before the call gets its turn.
func TestTheStoreGivesUpWhenTheTimeIsOver(t *testing.T) {
	h, root := newHandler(t)
	for _, body := range []string{"Action=GetUser&UserName=alice&Version=2010-05-08", "Action=CreateUser&UserName=bob&Version=2010-05-08"} {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, sign(t, root, "iam", body).WithContext(ctx))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: answered %d %s", body, w.Code, w.Body)
		}
	}
}

func TestTheTimeOfARequestIsBounded(t *testing.T) {
	for action, want := range map[string]bool{"GetCallerIdentity": false, "GetSessionToken": true, "Unheard": true} {
		bounded := false
		h, _, _ := failing(func(ctx context.Context, r *http.Request, body []byte, form wire.Form) (*iam.Caller, wire.Service, error) {
			deadline, ok := ctx.Deadline()
			bounded = ok && time.Until(deadline) <= time.Minute
			return trusting(ctx, r, body, form)
		}, func() {})
		h.ServeHTTP(httptest.NewRecorder(), request(action))
		if bounded != want {
			t.Errorf("%s: its time is bounded: %v, want %v", action, bounded, want)
		}
	}
}

// Whatever a client sends, the labels of the metrics and the length of a line of the log are ours.
func TestClientsMakeUpNoLabelsAndNoLongLines(t *testing.T) {
	long := strings.Repeat("%C3%A9", 50_000)
	verbose := func(context.Context, *http.Request, []byte, wire.Form) (*iam.Caller, wire.Service, error) {
		return nil, wire.STS, wire.Errorf("ValidationError", "%s", strings.Repeat("é", 100_000))
	}
	for _, authenticate := range []api.Authenticator{trusting, verbose} {
		h, registry, log := failing(authenticate, func() {})
		for _, target := range []string{
			"/?Action=" + long, "/?Action=Made-Up&Version=2011-06-15", "/?Action=GetCallerIdentity&Version=" + long, "/?Action=ListUsers&Version=2010-05-08",
		} {
			log.Reset()
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", target, nil))
			if log.Len() == 0 || log.Len() > 4<<10 {
				t.Errorf("%.60s: %d bytes are logged: %.200s", target, log.Len(), log)
			}
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			for _, metric := range family.Metric {
				for _, label := range metric.Label {
					switch label.GetValue() {
					case "none", "InvalidAction", "ValidationError":
					default:
						t.Errorf("%s has the label %s=%.100q", family.GetName(), label.GetName(), label.GetValue())
					}
				}
			}
		}
	}
}
