import { withPhase } from '@rankscope/flight-recorder';
import { nextTask } from './next-task.ts';
import { announce, type Rank, type ReadyRank } from './rank.ts';
import { runTask } from './run-task.ts';
import { within } from './within.ts';

/**
 * The life of a rank, from its group to its end. Returns when the inbox has been closed; throws when the rank cannot go
 * on, and then the process ends (see strike-out.ts): a group is never joined twice.
 */
export async function runRank(rank: Rank): Promise<void> {
  await connectGroup(rank);
  const ready = await loadModel(rank);
  await warmUp(ready);
  await serve(ready);
  await cleanUp(ready);
}

async function connectGroup(rank: Rank): Promise<void> {
  announce(rank, 'RunnerConnecting');
  rank.current.connecting = true;
  await rank.engine.joinGroup();
  rank.current.connecting = false;
  announce(rank, 'RunnerConnected');
}

async function loadModel(rank: Rank): Promise<ReadyRank> {
  const { engine, assignment } = rank;
  announce(rank, 'RunnerLoading');
  const prompter = withPhase(rank.writer, 'load_model', rank.openPrompter, 'tokenizer');
  const loading = engine.load({ dir: assignment.modelDir, plan: assignment.plan }, (done, total) => {
    announce(rank, 'RunnerLoading', { progress: { done, total } });
  });
  const model = await within(loading, assignment.deadlines.loadMs, 'The model was not loaded');
  announce(rank, 'RunnerLoaded');
  return { ...rank, model, prompter };
}

async function warmUp(rank: ReadyRank): Promise<void> {
  announce(rank, 'RunnerWarmingUp');
  await rank.engine.warmup();
}

async function serve(rank: ReadyRank): Promise<void> {
  rank.current.serving = true;
  while (!rank.inbox.closed) {
    announce(rank, 'RunnerReady');
    await withPhase(rank.writer, 'idle', () => rank.inbox.untilTask());
    // One announcement for a row of tasks that follow each other.
    for (let next = await nextTask(rank); next !== null; next = await nextTask(rank)) {
      announce(rank, 'RunnerRunning', { detail: next.held.order.taskId });
      await runTask(rank, next);
    }
  }
}

async function cleanUp(rank: Rank): Promise<void> {
  announce(rank, 'RunnerShuttingDown');
  await withPhase(rank.writer, 'shutdown_cleanup', () => rank.engine.close());
  announce(rank, 'RunnerShutdown');
}
