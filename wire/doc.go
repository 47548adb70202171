// Package wire is the AWS Query protocol as IAM (2010-05-08) and STS
// (2011-06-15) speak it: a form goes in, an XML document comes out, and in
// between stand the input and output structs of the AWS SDK for Go v2.
//
// A request passes through the package in this order:
//
//	form, err := wire.ParseForm(body, wire.DefaultLimits) // strict, bounded
//	svc, ok := wire.ServiceByVersion(form.Get("Version"))
//	in := &iam.CreateUserInput{}
//	err = wire.Decode(form, in)             // form → struct
//	err = wire.Validate(svc, "CreateUser", in) // the model's constraints
//	…                                       // the operation itself
//	doc, err := wire.Response(svc, "CreateUser", requestID, out)
//	doc = wire.ErrorResponse(svc, requestID, wireError)
//
// Two rules keep it small. The SDK's structs are the contract: no operation
// has code of its own here, a struct is read once by reflection and its plan is
// kept by type. And what the structs cannot say (lengths, ranges, patterns,
// enumerations, what is required, names that differ between Go and the wire)
// stands in one table, model_gen.go, that modelgen makes from the service
// model AWS publishes with botocore:
//
//	go run ./wire/modelgen -source "botocore 1.43.11" -o wire/model_gen.go \
//		iam=PATH/iam/2010-05-08/service-2.json.gz \
//		sts=PATH/sts/2011-06-15/service-2.json.gz
//
// The few places where AWS's answers differ from its own model are listed by
// hand in exceptions.go.
//
// [Error] is the one error type of the product. It carries AWS's code, its HTTP
// status and its message, so that every layer speaks in the client's terms and
// nothing has to be translated at the edge.
//
// [Parameters] shows an input or output struct as CloudTrail does, with every
// secret left out.
package wire
