"""Sallyport as boto3 sees it: clients, exceptions by class, waiters, paginators, sessions and presigned URLs.

ENDPOINT is the server's URL; the profile "root" has root's access key. The program ends with a traceback at the
first thing that is not as it should be.
"""

import base64
import csv
import hmac
import io
import json
import os
import struct
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["ENDPOINT"]


def clients(credentials=None):
    """Clients of IAM and STS: root's, or with the credentials of an answer."""
    keys = {}
    if credentials:
        keys = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials.get("SessionToken"),
        }
    session = boto3.Session(region_name="eu-west-1", **keys)
    config = Config(retries={"total_max_attempts": 1})
    return [session.client(name, endpoint_url=ENDPOINT, config=config) for name in ("iam", "sts")]


class Authenticator:
    """An authenticator app (RFC 6238). Offsets are in steps of 30 seconds from now."""

    def __init__(self, seed):
        self.seed = base64.b32decode(seed)

    def code(self, offset=0, now=None):
        step = int(time.time() if now is None else now) // 30 + offset
        mac = hmac.digest(self.seed, struct.pack(">q", step), "sha1")
        start = mac[-1] & 15
        return "%06d" % ((struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000)

    def pair(self, offset=0):
        now = time.time()
        return {
            "AuthenticationCode1": self.code(offset - 1, now),
            "AuthenticationCode2": self.code(offset, now),
        }

    def wrong(self):
        near = {self.code(n) for n in range(-1100, 1101)}
        return next(c for c in ("%06d" % n for n in range(1_000_000)) if c not in near)


@contextmanager
def refused(code, text=None, kind=ClientError):
    """The block must end with this error of AWS."""
    try:
        yield
    except kind as e:
        error = e.response["Error"]
        assert error["Code"] == code, error
        assert text is None or error["Message"] == text, error
        assert e.response["ResponseMetadata"]["RequestId"], e.response
        return
    raise AssertionError("not refused with " + code)


def policy(action, effect="Allow", resource="*", **more):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}],
    })


iam, sts = clients()
account = sts.get_caller_identity()["Account"]


def new_user(name):
    """A user with an access key: the clients that sign with it."""
    iam.create_user(UserName=name)
    iam.get_waiter("user_exists").wait(UserName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    return clients(iam.create_access_key(UserName=name)["AccessKey"])


def new_device(name, user):
    """A virtual device that is enabled for the user: its serial number and authenticator."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    assert made["QRCodePNG"].startswith(b"\x89PNG"), made["QRCodePNG"][:8]
    app = Authenticator(made["Base32StringSeed"])
    assert len(app.seed) == 40
    iam.enable_mfa_device(UserName=user, SerialNumber=made["SerialNumber"], **app.pair())
    return made["SerialNumber"], app


def users_and_pages():
    with refused("NoSuchEntity", "The user with name nobody cannot be found.", iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName="nobody")
    for n in range(7):
        iam.create_user(UserName=f"page-{n}", Path="/pages/", Tags=[{"Key": "Number", "Value": str(n)}])
    with refused("EntityAlreadyExists", kind=iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="Page-1")
    paginator = iam.get_paginator("list_users")
    pages = list(paginator.paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 3}))
    assert [len(p["Users"]) for p in pages] == [3, 3, 1], pages
    assert [u["UserName"] for p in pages for u in p["Users"]] == [f"page-{n}" for n in range(7)]
    assert iam.list_user_tags(UserName="page-3")["Tags"] == [{"Key": "Number", "Value": "3"}]
    with refused("ValidationError"):
        iam.list_users(Marker="nonsense")
    with refused("ValidationError"):
        iam.create_user(UserName="x" * 65)
    with refused("ValidationError"):
        iam.create_user(UserName="line\nbreak")
    for n in range(7):
        iam.delete_user(UserName=f"page-{n}")
    assert not iam.list_users(PathPrefix="/pages/")["Users"]


def groups_and_policies():
    iam.create_group(GroupName="staff")
    arn = iam.create_policy(PolicyName="staff", PolicyDocument=policy("iam:ListUsers"))["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    bob, _ = new_user("bob")
    with refused("AccessDenied"):
        bob.list_users()
    iam.add_user_to_group(GroupName="staff", UserName="bob")
    assert "bob" in [u["UserName"] for u in bob.list_users()["Users"]]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:ListRoles"))
    with refused("LimitExceeded", kind=iam.exceptions.LimitExceededException):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:ListRoles"))
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [v["VersionId"] for v in versions if v["IsDefaultVersion"]] == ["v1"], versions
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == "iam:ListRoles", document
    with refused("MalformedPolicyDocument", kind=iam.exceptions.MalformedPolicyDocumentException):
        iam.create_policy(PolicyName="broken", PolicyDocument="{")
    names = {g["GroupName"] for g in iam.list_groups_for_user(UserName="bob")["Groups"]}
    assert names == {"staff"}, names
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [g["GroupName"] for g in entities["PolicyGroups"]] == ["staff"], entities
    with refused("DeleteConflict", kind=iam.exceptions.DeleteConflictException):
        iam.delete_policy(PolicyArn=arn)
    managed = [p for page in iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 2})
               for p in page["Policies"]]
    assert "AdministratorAccess" in [p["PolicyName"] for p in managed], managed


def mfa_from_end_to_end():
    alice, alice_sts = new_user("alice")
    iam.attach_user_policy(UserName="alice", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.put_user_policy(UserName="alice", PolicyName="no-mfa-no-entry", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "NotAction": ["iam:ListMFADevices", "sts:GetSessionToken"],
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        },
    }))
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice", Tags=[{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}])
    serial = made["VirtualMFADevice"]["SerialNumber"]
    app = Authenticator(made["VirtualMFADevice"]["Base32StringSeed"])
    assert len(iam.list_mfa_device_tags(SerialNumber=serial)["Tags"]) == 2
    invalid = iam.exceptions.InvalidAuthenticationCodeException
    good = app.pair()
    swapped = {"AuthenticationCode1": good["AuthenticationCode2"], "AuthenticationCode2": good["AuthenticationCode1"]}
    for pair in (swapped, {"AuthenticationCode1": app.wrong(), "AuthenticationCode2": app.wrong()}):
        with refused("InvalidAuthenticationCode", "Authentication code for device is not valid.", invalid):
            iam.enable_mfa_device(UserName="alice", SerialNumber=serial, **pair)
    # Codes are six ASCII digits, whatever Unicode calls a digit; blanks are not taken off.
    for code in ("1234567", " 12345", "12345\n", "12345٣", "１２３４５６"):
        with refused("ValidationError"):
            iam.enable_mfa_device(UserName="alice", SerialNumber=serial, AuthenticationCode1=code, AuthenticationCode2="123456")
    iam.enable_mfa_device(UserName="alice", SerialNumber=serial, **good)
    with refused("EntityAlreadyExists", "MFA Device for user alice already exists.", iam.exceptions.EntityAlreadyExistsException):
        iam.enable_mfa_device(UserName="alice", SerialNumber=serial, **app.pair())
    devices = [d for page in iam.get_paginator("list_mfa_devices").paginate(UserName="alice") for d in page["MFADevices"]]
    assert [d["SerialNumber"] for d in devices] == [serial], devices
    assigned = [d for page in iam.get_paginator("list_virtual_mfa_devices").paginate(AssignmentStatus="Assigned")
                for d in page["VirtualMFADevices"]]
    assert [d["User"]["UserName"] for d in assigned] == ["alice"], assigned
    if hasattr(iam, "get_mfa_device"):  # boto3 of 2023 and before doesn't know it
        with refused("ValidationError"):
            iam.get_mfa_device(SerialNumber=serial)

    # The access key alone is held by the policy. A session without a code is of no use at all.
    with refused("AccessDenied"):
        alice.list_users()
    bare, _ = clients(alice_sts.get_session_token()["Credentials"])
    with refused("InvalidClientTokenId"):
        bare.list_users()

    code = app.code()
    token = alice_sts.get_session_token(SerialNumber=serial, TokenCode=code, DurationSeconds=900)["Credentials"]
    with refused("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. "):
        alice_sts.get_session_token(SerialNumber=serial, TokenCode=code)
    with_mfa, with_mfa_sts = clients(token)
    assert with_mfa.list_users()["Users"]
    assert with_mfa_sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{account}:user/alice"

    # An altered token, or one without its own key, opens nothing.
    body = token["SessionToken"]
    middle = len(body) // 2
    altered = body[:middle] + ("A" if body[middle] != "A" else "B") + body[middle + 1 :]
    for broken in (altered, body[:-8], body + "AAAA"):
        _, broken_sts = clients({**token, "SessionToken": broken})
        with refused("InvalidClientTokenId"):
            broken_sts.get_caller_identity()
    _, crossed_sts = clients({**token, "SecretAccessKey": "x" * 40})
    with refused("SignatureDoesNotMatch"):
        crossed_sts.get_caller_identity()

    # Resync moves the window to where the device's clock is.
    iam.resync_mfa_device(UserName="alice", SerialNumber=serial, **app.pair(50))
    with refused("AccessDenied"):
        alice_sts.get_session_token(SerialNumber=serial, TokenCode=app.code(1))
    alice_sts.get_session_token(SerialNumber=serial, TokenCode=app.code(50))

    # Who has a device adds and removes their own with MFA only.
    iam.put_user_policy(UserName="alice", PolicyName="devices", PolicyDocument=policy("iam:DeactivateMFADevice"))
    iam.delete_user_policy(UserName="alice", PolicyName="no-mfa-no-entry")
    with refused("AccessDenied", "To complete this action, please ensure that you are authenticated with an MFA device "
                                 "that is enabled for this user."):
        alice.deactivate_mfa_device(UserName="alice", SerialNumber=serial)
    with refused("DeleteConflict", kind=iam.exceptions.DeleteConflictException):
        iam.delete_virtual_mfa_device(SerialNumber=serial)
    with_mfa.deactivate_mfa_device(UserName="alice", SerialNumber=serial)
    with refused("NoSuchEntity", "MFA Device invalid for user.", iam.exceptions.NoSuchEntityException):
        iam.deactivate_mfa_device(UserName="alice", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def nine_verifications_in_three_minutes():
    _, user_sts = new_user("guesser")
    serial, app = new_device("guesser", "guesser")
    # A window is cut from UTC; the count begins anew where one begins, so it takes two windows to be sure that
    # ten guesses did not fall into two: with nineteen, ten are in one.
    texts = []
    for _ in range(19):
        try:
            user_sts.get_session_token(SerialNumber=serial, TokenCode=app.wrong())
        except ClientError as e:
            texts.append(e.response["Error"]["Message"])
    assert len(texts) == 19
    assert texts[0] == "MultiFactorAuthentication failed with invalid MFA one time pass code. ", texts[0]
    spent = ("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number "
             "is valid and associated with this user.")
    assert spent in texts, texts


def roles_with_mfa():
    carol, carol_sts = new_user("carol")
    serial, app = new_device("carol", "carol")
    trust = json.dumps({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:user/carol"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
        },
    })
    role = iam.create_role(RoleName="operator", AssumeRolePolicyDocument=trust)["Role"]
    iam.get_waiter("role_exists").wait(RoleName="operator", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    iam.attach_role_policy(RoleName="operator", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    wanted = {"RoleArn": role["Arn"], "RoleSessionName": "shift"}
    with refused("AccessDenied"):
        carol_sts.assume_role(**wanted)
    with refused("AccessDenied"):
        carol_sts.assume_role(SerialNumber=serial, TokenCode=app.wrong(), **wanted)
    out = carol_sts.assume_role(SerialNumber=serial, TokenCode=app.code(), Tags=[{"Key": "Shift", "Value": "night"}], **wanted)
    assert out["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/operator/shift", out
    assert out["AssumedRoleUser"]["AssumedRoleId"] == role["RoleId"] + ":shift", out
    operator, operator_sts = clients(out["Credentials"])
    assert operator.list_roles()["Roles"]
    with refused("AccessDenied"):
        operator_sts.get_session_token()

    # A session policy narrows what the role may.
    narrow, _ = clients(carol_sts.assume_role(SerialNumber=serial, TokenCode=app.code(1), Policy=policy("iam:ListUsers"), **wanted)["Credentials"])
    assert narrow.list_users()["Users"]
    with refused("AccessDenied"):
        narrow.list_roles()
    with refused("ValidationError"):
        carol_sts.assume_role(RoleArn="not-an-arn-but-long-enough", RoleSessionName="shift")

    # Deleting the role ends its sessions.
    iam.detach_role_policy(RoleName="operator", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.delete_role(RoleName="operator")
    with refused("InvalidClientTokenId"):
        operator.list_roles()


def presigned_urls():
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    with urllib.request.urlopen(url) as answer:
        text = answer.read().decode()
    assert f"<Arn>arn:aws:iam::{account}:root</Arn>" in text, text
    for altered in (url.replace("GetCallerIdentity", "GetSessionToken"), url[:-1] + ("0" if url[-1] != "0" else "1")):
        try:
            urllib.request.urlopen(altered)
        except urllib.error.HTTPError as e:
            assert e.code == 403 and "SignatureDoesNotMatch" in e.read().decode()
        else:
            raise AssertionError("an altered URL was accepted")


def passwords_and_report():
    with refused("NoSuchEntity", kind=iam.exceptions.NoSuchEntityException):
        iam.get_account_password_policy()
    iam.update_account_password_policy(MinimumPasswordLength=14)
    dave, _ = new_user("dave")
    with refused("PasswordPolicyViolation", kind=iam.exceptions.PasswordPolicyViolationException):
        iam.create_login_profile(UserName="dave", Password="Short-1")
    iam.create_login_profile(UserName="dave", Password="a-Long-enough-1")
    iam.put_user_policy(UserName="dave", PolicyName="own", PolicyDocument=policy("iam:ChangePassword"))
    with refused("AccessDenied"):
        dave.change_password(OldPassword="not-the-one-0", NewPassword="another-Long-enough-1")
    dave.change_password(OldPassword="a-Long-enough-1", NewPassword="another-Long-enough-1")

    with refused("ReportNotPresent"):
        iam.get_credential_report()
    for _ in range(20):
        if iam.generate_credential_report()["State"] == "COMPLETE":
            break
        time.sleep(0.5)
    rows = {r["user"]: r for r in csv.DictReader(io.StringIO(iam.get_credential_report()["Content"].decode()))}
    assert rows["carol"]["mfa_active"] == "true" and rows["dave"]["mfa_active"] == "false", rows
    assert rows["dave"]["password_enabled"] == "true" and rows["carol"]["password_enabled"] == "false", rows
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["MFADevicesInUse"] == 2 and len(summary) == 34, summary


def access_keys():
    iam.create_user(UserName="erin")
    key = iam.create_access_key(UserName="erin")["AccessKey"]
    assert iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    _, erin = clients(key)
    assert erin.get_caller_identity()["Arn"].endswith(":user/erin")
    _, forged = clients({**key, "SecretAccessKey": key["SecretAccessKey"][::-1]})
    with refused("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "
                 "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."):
        forged.get_caller_identity()
    iam.update_access_key(UserName="erin", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId"):
        erin.get_caller_identity()
    assert sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == account


for walk in (users_and_pages, groups_and_policies, mfa_from_end_to_end, nine_verifications_in_three_minutes, roles_with_mfa,
             presigned_urls, access_keys, passwords_and_report):
    began = time.time()
    walk()
    print(f"{walk.__name__}: good ({time.time() - began:.1f} s)")
