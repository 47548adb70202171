// A stored document that can be edited in place: shown read-only until "Edit", saved or given up.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState, type ReactNode } from 'react';
import { useAction } from '../lib/requests';
import PolicyEditor from './PolicyEditor';

type Props = {
  title: string;
  editTitle?: string;
  description?: ReactNode;
  label?: string;
  document: string;
  limit: number;
  saveLabel: string;
  save: (document: string) => Promise<void>;
  readOnly?: boolean;
  /** Shown above the editor while it is open. */
  options?: ReactNode;
};

export default function EditableDocument(props: Props) {
  const { title, editTitle = title, description, label, document, limit, saveLabel, readOnly, options } = props;
  const { busy, error, run, clear } = useAction();
  const [draft, setDraft] = useState<string>();
  const editing = draft !== undefined;
  const close = () => {
    setDraft(undefined);
    clear();
  };
  const save = () =>
    run(async () => {
      await props.save(draft ?? '');
      close();
    });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={description}
          actions={
            editing ? (
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="link" onClick={close}>
                  Cancel
                </Button>
                <Button variant="primary" loading={busy} onClick={() => void save()}>
                  {saveLabel}
                </Button>
              </SpaceBetween>
            ) : (
              !readOnly && <Button onClick={() => setDraft(document)}>Edit</Button>
            )
          }
        >
          {editing ? editTitle : title}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {editing && options}
        <PolicyEditor
          label={label}
          value={draft ?? document}
          readOnly={!editing}
          onChange={setDraft}
          error={error}
          limit={limit}
        />
      </SpaceBetween>
    </Container>
  );
}
