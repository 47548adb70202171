// The list of managed policies, provided ones and the account's own, a page at a time.
import { ListPoliciesCommand, type Policy } from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { TableProps } from '@cloudscape-design/components/table';
import { useNavigate } from 'react-router';
import { useListPreferences } from '../../components/listPreferences';
import ListTable, { pageSearch } from '../../components/ListTable';
import Page from '../../components/Page';
import { ago } from '../../lib/format';
import { iam } from '../../lib/iam';
import { usePages } from '../../lib/paging';
import { policyPath } from '../../lib/paths';
import { usePreference } from '../../lib/preferences';
import { policyType } from '../../policies/names';

const scopes = [
  { value: 'All', label: 'All' },
  { value: 'Local', label: 'Customer managed' },
  { value: 'AWS', label: 'Provided' },
] as const;

const columns: (TableProps.ColumnDefinition<Policy> & { id: string; header: string })[] = [
  {
    id: 'name',
    header: 'Policy name',
    isRowHeader: true,
    cell: (p) => <Link href={policyPath(p.Arn ?? '')}>{p.PolicyName}</Link>,
  },
  { id: 'type', header: 'Type', cell: (p) => policyType(p.Arn) },
  { id: 'attached', header: 'Attached to', cell: (p) => entities(p.AttachmentCount ?? 0) },
  { id: 'path', header: 'Path', cell: (p) => p.Path },
  { id: 'changed', header: 'Last changed', cell: (p) => ago(p.UpdateDate) },
];

export default function Policies() {
  const navigate = useNavigate();
  const [kept, keep] = usePreference<string>('policies.scope', 'All');
  const scope = scopes.find(({ value }) => value === kept) ?? scopes[0];
  const { pageSize, visible, control } = useListPreferences('policies.list', columns);
  const policies = usePages(
    async (Marker) => {
      const page = await iam.send(new ListPoliciesCommand({ Scope: scope.value, Marker, MaxItems: pageSize }));
      return { items: page.Policies, marker: page.Marker };
    },
    [scope.value, pageSize],
  );

  return (
    <Page title="Policies" description="A policy says which actions are allowed or denied, on what, and under which conditions.">
      <SpaceBetween size="m">
        <FormField label="Type of policy">
          <Select
            selectedOption={scope}
            options={scopes}
            onChange={({ detail }) => keep(detail.selectedOption.value ?? 'All')}
          />
        </FormField>
        <ListTable
          title="Managed policies"
          columns={columns}
          visible={visible}
          preferences={control}
          source={policies}
          id={(p) => p.Arn ?? ''}
          name={(p) => p.PolicyName ?? ''}
          search={pageSearch('policies')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Refresh" onClick={policies.reload} />
              <Button variant="primary" onClick={() => void navigate('/policies/create')}>
                Create policy
              </Button>
            </SpaceBetween>
          }
          empty="There are no policies of this type yet."
        />
      </SpaceBetween>
    </Page>
  );
}

function entities(count: number): string {
  if (count === 0) return 'Nothing';
  return count === 1 ? '1 entity' : `${count} entities`;
}
