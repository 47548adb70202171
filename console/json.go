package console

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/sallyport-iam/sallyport/wire"
)

// errorDocument is how every endpoint answers an error.
type errorDocument struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
}

// maxJSON bounds the body of a request: the longest policy document, and room.
const maxJSON = 256 << 10

// read decodes the body of a request into in. Members that in doesn't know are refused: a misspelled one must not be
// passed over.
func read(r *request, in any) error {
	if !isJSON(r.Header.Get("Content-Type")) {
		return &wire.Error{Code: "MalformedInput", Status: http.StatusUnsupportedMediaType, Message: "The Content-Type must be application/json."}
	}
	decoder := json.NewDecoder(http.MaxBytesReader(r.w, r.Body, maxJSON))
	decoder.DisallowUnknownFields()
	var tooLarge *http.MaxBytesError
	switch err := decoder.Decode(in); {
	case errors.As(err, &tooLarge):
		return &wire.Error{Code: "RequestEntityTooLarge", Status: http.StatusRequestEntityTooLarge, Message: "The request is too long."}
	case err != nil:
		return &wire.Error{Code: "MalformedInput", Status: http.StatusBadRequest, Message: "The request is not the JSON that was expected."}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return &wire.Error{Code: "MalformedInput", Status: http.StatusBadRequest, Message: "The request goes on after its JSON value."}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, document any) {
	text, err := json.Marshal(document)
	if err != nil { // documents are our own structs, so only a bug brings us here
		status, text = http.StatusInternalServerError, []byte(`{"code":"ServiceFailure","message":"The answer could not be written."}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}
