package wire

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
)

// The whole wire of one request, form to XML, without the operation between.

func BenchmarkGetCallerIdentity(b *testing.B) {
	out := &awssts.GetCallerIdentityOutput{
		Account: aws.String("123456789012"),
		Arn:     aws.String("arn:aws:iam::123456789012:user/alice"),
		UserId:  aws.String("AIDACKCEVSQ6C2EXAMPLE"),
	}
	b.ReportAllocs()
	for b.Loop() {
		in := new(awssts.GetCallerIdentityInput)
		roundTrip(b, STS, "GetCallerIdentity", "Action=GetCallerIdentity&Version=2011-06-15", in, out)
	}
}

func BenchmarkGetUser(b *testing.B) {
	out := &awsiam.GetUserOutput{User: &iamtypes.User{
		Arn:        aws.String("arn:aws:iam::123456789012:user/team/alice"),
		CreateDate: aws.Time(time.Date(2023, 4, 27, 20, 58, 13, 0, time.UTC)),
		Path:       aws.String("/team/"),
		UserId:     aws.String("AIDACKCEVSQ6C2EXAMPLE"),
		UserName:   aws.String("alice"),
		Tags:       []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("a & b")}},
	}}
	b.ReportAllocs()
	for b.Loop() {
		in := new(awsiam.GetUserInput)
		roundTrip(b, IAM, "GetUser", "Action=GetUser&Version=2010-05-08&UserName=alice", in, out)
	}
}

func BenchmarkCreateUserWithTags(b *testing.B) {
	const body = "Action=CreateUser&Version=2010-05-08&UserName=alice&Path=%2Fteam%2F" +
		"&Tags.member.1.Key=team&Tags.member.1.Value=red+one&Tags.member.2.Key=cost&Tags.member.2.Value=42"
	b.ReportAllocs()
	for b.Loop() {
		in := new(awsiam.CreateUserInput)
		roundTrip(b, IAM, "CreateUser", body, in, &awsiam.CreateUserOutput{})
	}
}

func roundTrip(b *testing.B, svc Service, action, body string, in, out any) {
	form, err := ParseForm(body, DefaultLimits)
	if err == nil {
		err = Decode(form, in)
	}
	if err == nil {
		err = Validate(svc, action, in)
	}
	if err == nil {
		_, err = Response(svc, action, "c6104cbe-af31-11e0-8154-cbc7ccf896c7", out)
	}
	if err != nil {
		b.Fatal(err)
	}
}
