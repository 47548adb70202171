// The credential report: every user's password, MFA and access keys in one file, made by the server within four hours.
import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useMemo, useRef, useState } from 'react';
import ErrorAlert from '../../components/ErrorAlert';
import Page from '../../components/Page';
import { parseCSV } from '../../lib/csv';
import { downloadCSV } from '../../lib/download';
import { ago, dateTime } from '../../lib/format';
import { useAction, useAnswer } from '../../lib/requests';
import { useSession } from '../../lib/session';
import Preview from './Preview';
import { latestReport, makeReport, type CredentialReport as Report } from './report';

/** Rows of a report that the page still shows; a larger one is for a spreadsheet. */
const shownAtMost = 1000;

export default function CredentialReport() {
  const { user } = useSession().state;
  const latest = useAnswer(latestReport, []);
  const [made, setMade] = useState<Report>();
  const [questions, setQuestions] = useState(0);
  const { busy, error, run } = useAction();
  const control = useRef(new AbortController());
  useEffect(() => () => control.current.abort(), []);
  const report = made ?? latest.value;

  const generate = () =>
    run(async () => {
      control.current = new AbortController();
      const done = await makeReport(setQuestions, control.current.signal);
      if (done) setMade(done);
    });

  return (
    <Page
      title="Credential report"
      description="A list of all users of this account and the state of their passwords, access keys and MFA devices."
    >
      <SpaceBetween size="l">
        <Container
          header={
            <Header
              variant="h2"
              description={report && `Generated ${dateTime(report.generated)} (${ago(report.generated)})`}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button loading={busy} onClick={() => void generate()}>
                    Generate report
                  </Button>
                  <Button
                    variant="primary"
                    iconName="download"
                    disabled={!report}
                    onClick={() => report && downloadCSV(fileName(user?.account ?? '', report), report.csv)}
                  >
                    Download report
                  </Button>
                </SpaceBetween>
              }
            >
              Report
            </Header>
          }
        >
          <SpaceBetween size="m">
            <ErrorAlert error={error ?? latest.error} />
            {busy && (
              <ProgressBar
                label="Generating the report"
                value={100 - 100 / (1 + questions / 3)}
                additionalInfo={questions > 1 ? `Waiting for ${questions - 1} s` : 'Started'}
                description={<Button onClick={() => control.current.abort()}>Stop waiting</Button>}
              />
            )}
            {!busy && !report && !latest.loading && !latest.error && 'There is no report of the last four hours.'}
            {report && 'A report is kept for four hours; within them, a new one is not made.'}
          </SpaceBetween>
        </Container>
        {report && <Table report={report} />}
      </SpaceBetween>
    </Page>
  );
}

function Table({ report }: { report: Report }) {
  const rows = useMemo(() => parseCSV(report.csv), [report]);
  const [columns = [], ...users] = rows;
  if (users.length > shownAtMost) {
    return <Alert type="info">{`The report has ${users.length} rows, too many to show here. Download it.`}</Alert>;
  }
  return <Preview columns={columns} rows={users} />;
}

function fileName(account: string, { generated }: Report): string {
  return `credential-report-${account}-${(generated ?? new Date()).toISOString().slice(0, 16).replace(':', '')}.csv`;
}
