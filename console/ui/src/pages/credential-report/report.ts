// Has the credential report made and waits for it: GenerateCredentialReport, then GetCredentialReport until it is there.
import { GenerateCredentialReportCommand, GetCredentialReportCommand } from '@aws-sdk/client-iam';
import { hasCode, iam } from '../../lib/iam';

export type CredentialReport = { csv: string; generated: Date | undefined };

/** Milliseconds between two questions. */
const pause = 1000;

/** GetCredentialReport's codes for a report that is to be made, or just being made. */
const notThere = ['ReportNotPresent', 'ReportExpired', 'ReportInProgress'];

/** The newest report, if there is one that has not expired. */
export async function latestReport(): Promise<CredentialReport | undefined> {
  try {
    const { Content, GeneratedTime } = await iam.send(new GetCredentialReportCommand({}));
    return { csv: new TextDecoder().decode(Content), generated: GeneratedTime };
  } catch (error) {
    if (notThere.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}

/** Asks for a report and waits; waited is called with each further question's number. */
export async function makeReport(waited: (questions: number) => void, signal: AbortSignal): Promise<CredentialReport | undefined> {
  for (let questions = 1; !signal.aborted; questions++) {
    waited(questions);
    const { State } = await iam.send(new GenerateCredentialReportCommand({}));
    const report = State === 'COMPLETE' || questions > 1 ? await latestReport() : undefined;
    if (report) return report;
    await new Promise((done) => setTimeout(done, pause));
  }
  return undefined;
}
