// Catches what a page throws while it renders, or a chunk that could not be loaded, and says what to do.
// It must work when Cloudscape's components don't, so it is plain HTML.
import { Component, type ReactNode } from 'react';

type Props = { children: ReactNode; /** Another value, as after a navigation, tries anew. */ resetKey?: string };
type State = { error?: unknown };

export class ErrorBoundary extends Component<Props, State> {
  override state: State = {};

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (this.state.error !== undefined && before.resetKey !== this.props.resetKey) this.setState({ error: undefined });
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failure error={this.state.error} retry={() => location.reload()} />;
  }
}

/** Says that the console can't go on, why, and offers the way out. */
export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const detail = error instanceof Error ? error.message : String(error);
  const loading = /dynamically imported module|module script|preload/i.test(detail);
  return (
    <main className="failure" role="alert">
      <h1>{loading ? 'This page could not be loaded' : 'Something went wrong'}</h1>
      <p>
        {loading
          ? 'The server could not be reached, or it was updated since the console was opened. Reload to go on.'
          : 'The console could not show this page. Nothing that you saved is lost.'}
      </p>
      <p>
        <code>{detail}</code>
      </p>
      <button type="button" onClick={retry}>
        Reload
      </button>
    </main>
  );
}
