// The wizard that creates a user: details, permissions, review; then the credentials, shown once.
import Wizard from '@cloudscape-design/components/wizard';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import Page from '../../components/Page';
import { wizardWords } from '../../components/wizardWords';
import { useAction } from '../../lib/requests';
import { tagsAreWhole } from '../../tags/TagFields';
import { usePasswordCheck } from '../../users/PasswordChoice';
import { createUser, type Created } from './createUser';
import DetailsStep, { detailsAreRight } from './DetailsStep';
import { emptyDraft, newUser, type Draft } from './draft';
import PermissionsStep from './PermissionsStep';
import Result from './Result';
import ReviewStep from './ReviewStep';

export default function CreateUser() {
  const navigate = useNavigate();
  const [draft, setDraft] = useState(emptyDraft);
  const [step, setStep] = useState(0);
  const [tried, setTried] = useState(false);
  const [created, setCreated] = useState<Created>();
  const check = usePasswordCheck();
  const { busy, error, run, clear } = useAction();
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));

  const go = (to: number) => {
    if (to > step && !detailsAreRight(draft, check)) {
      setTried(true);
      setStep(0);
      return;
    }
    clear();
    setStep(to);
  };

  const submit = () => {
    if (!tagsAreWhole(draft.tags)) return;
    void run(async () => {
      const result = await createUser(await newUser(draft));
      setDraft(emptyDraft);
      setCreated(result);
    });
  };

  if (created) return <Result created={created} />;
  return (
    <Page title="Create user" breadcrumbs={[{ text: 'Users', href: '/users' }]}>
      <Wizard
        i18nStrings={wizardWords}
        submitButtonText="Create user"
        activeStepIndex={step}
        isLoadingNextStep={busy}
        onNavigate={({ detail }) => go(detail.requestedStepIndex)}
        onCancel={() => void navigate('/users')}
        onSubmit={submit}
        steps={[
          { title: 'Specify user details', content: <DetailsStep draft={draft} onChange={change} check={check} tried={tried} /> },
          { title: 'Set permissions', content: <PermissionsStep draft={draft} onChange={change} /> },
          { title: 'Review and create', content: <ReviewStep draft={draft} onChange={change} error={error} /> },
        ]}
      />
    </Page>
  );
}
