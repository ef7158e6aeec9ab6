import type { Command } from './command.js';

export const doctor: Command = {
  name: 'doctor',
  about: 'tells the machine and the engine, and tries whether they work',
  args: {},
  options: {
    seconds: { value: 'N', default: '1', about: 'how long training is timed, and random stacks are tried, 0 to 60' },
    'no-self-test': { about: 'do not try the engine' },
  },
  description: [
    'Tells what a report of a problem needs to say: versions, processor, engine and kernels; tries whether they compute what they should, and how fast.',
  ],
  examples: [['gemmfit doctor', 'what to put into a report of a problem']],
  statuses: { 1: 'there is a problem, which the last line names' },
  async run(context) {
    const seconds = context.number('seconds', { min: 0, max: 60 });
    const { diagnose, formatDiagnosis } = await context.diagnose();
    const diagnosis = await diagnose({ selfTest: !context.flag('no-self-test'), seconds });
    context.result(diagnosis, formatDiagnosis(diagnosis));
    return diagnosis.ok ? 0 : 1;
  },
};
