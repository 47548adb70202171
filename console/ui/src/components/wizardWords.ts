// The words on the buttons and steps of the wizards.
import type { WizardProps } from '@cloudscape-design/components/wizard';

export const wizardWords: WizardProps.I18nStrings = {
  stepNumberLabel: (step) => `Step ${step}`,
  collapsedStepsLabel: (step, count) => `Step ${step} of ${count}`,
  navigationAriaLabel: 'Steps',
  cancelButton: 'Cancel',
  previousButton: 'Previous',
  nextButton: 'Next',
  optional: 'optional',
};
