// The wizard that assigns an MFA device of any kind, to oneself, to root or to a user.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Wizard from '@cloudscape-design/components/wizard';
import { useNavigate, useParams } from 'react-router';
import Page from '../../components/Page';
import { wizardWords } from '../../components/wizardWords';
import { useFlash } from '../../lib/flash';
import { kindName } from '../../lib/format';
import { credentialsPath, userPath } from '../../lib/paths';
import { useAnswer } from '../../lib/requests';
import { useSession, type DeviceKind } from '../../lib/session';
import { useWhose } from '../../lib/whose';
import { listDevices } from '../../mfa/devices';
import OtherSessions from '../../mfa/OtherSessions';
import SignInAgainNotice, { SignInAgain } from '../../mfa/SignInAgain';
import Trouble from '../../mfa/Trouble';
import AppStep from './AppStep';
import HardwareStep from './HardwareStep';
import KeyStep from './KeyStep';
import SelectStep from './SelectStep';
import { useAssignment } from './useAssignment';

const secondTitle: Record<DeviceKind, string> = {
  fido: 'Set up the passkey or security key',
  virtual: 'Set up the authenticator app',
  hardware: 'Set up the hardware TOTP token',
};

export default function AssignMFA() {
  const { name: userName } = useParams();
  const whose = useWhose(userName);
  const navigate = useNavigate();
  const flash = useFlash();
  const back = () => void navigate(credentialsPath(userName));

  const { mfa } = useSession().state;
  const ownWithoutMFA = whose.own && !mfa;
  // One's own name is the one that the standard policy lets one free again, should the assignment be broken off.
  const suggestion = ownWithoutMFA ? (whose.userName ?? '') : '';
  // A failure to list leaves the word to the server, which judges in the end.
  const mine = useAnswer(
    async () => (ownWithoutMFA ? listDevices(whose) : []),
    [ownWithoutMFA, whose.userName, whose.root],
  );

  const a = useAssignment(whose, suggestion, ({ name, serial }) => {
    flash({
      type: 'success',
      content: (
        <SpaceBetween size="xs">
          <span style={{ overflowWrap: 'anywhere' }}>
            {kindName(a.kind)} “{name}” was assigned{whose.own ? '' : ` to ${userName}`}: {serial}
          </span>
          {ownWithoutMFA && (
            <>
              <span>This session is still one without MFA. Sign out and in again with the new device to do what needs MFA.</span>
              <SignInAgain />
            </>
          )}
          {whose.own && <OtherSessions />}
        </SpaceBetween>
      ),
    });
    back();
  });

  return (
    <Page
      title="Assign MFA device"
      description={userName === undefined ? undefined : `For user ${userName}`}
      breadcrumbs={
        userName === undefined
          ? [{ text: 'Security credentials', href: '/security-credentials' }]
          : [
              { text: 'Users', href: '/users' },
              { text: userName, href: userPath(userName) },
            ]
      }
    >
      <Wizard
        i18nStrings={wizardWords}
        submitButtonText="Add MFA"
        activeStepIndex={a.step}
        isLoadingNextStep={a.busy}
        onNavigate={({ detail }) => a.go(detail.requestedStepIndex)}
        onCancel={back}
        onSubmit={a.add}
        steps={[
          {
            title: 'Select MFA device',
            content: (
              <SpaceBetween size="l">
                {ownWithoutMFA && (mine.value ?? []).length > 0 && (
                  <SignInAgainNotice>
                    You have an MFA device already. Another one can be added only after signing in with it.
                  </SignInAgainNotice>
                )}
                <SelectStep
                  name={a.name}
                  onName={a.setName}
                  problem={a.problem}
                  kind={a.kind}
                  onKind={a.setKind}
                  onEnter={() => a.go(1)}
                  hint={suggestion && 'Your user name is filled in: if you break off, it is the name that you can always free again.'}
                />
              </SpaceBetween>
            ),
          },
          {
            title: secondTitle[a.kind],
            content: (
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  a.add();
                }}
              >
                <SpaceBetween size="m">
                  <Container header={<Header variant="h2">{kindName(a.kind)}</Header>}>
                    {a.kind === 'fido' && <KeyStep someoneElse={whose.own ? undefined : userName} />}
                    {a.kind === 'virtual' && (
                      <AppStep virtual={a.virtual} codes={a.codes} onCodes={a.setCodes} tried={a.tried} />
                    )}
                    {a.kind === 'hardware' && (
                      <HardwareStep
                        serial={a.serial}
                        onSerial={a.setSerial}
                        codes={a.codes}
                        onCodes={a.setCodes}
                        tried={a.tried}
                      />
                    )}
                  </Container>
                  <Trouble error={a.error} kind={a.kind} />
                  {/* Two fields and no submit button: without this, Enter would do nothing. */}
                  <button type="submit" hidden />
                </SpaceBetween>
              </form>
            ),
          },
        ]}
      />
    </Page>
  );
}
