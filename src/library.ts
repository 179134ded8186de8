// What `microvm-fleet/experimental` exports: the use cases that the commands call. docs/library.md

export { type Applied, type ApplyInput, apply, refusal, unfit, type Word } from './app/apply.ts';
export { type At, type BuildInput, build, buildPlanned } from './app/build.ts';
export { type Diagnosis, type DoctorInput, doctor } from './app/doctor.ts';
export { type History, type HistoryInput, history } from './app/history.ts';
export {
  type ChosenOperation,
  chooseOperation,
  type Operated,
  type OperateInput,
  operate,
} from './app/operate.ts';
export {
  hasChanges,
  isBlocked,
  type PlanInput,
  plan,
  planOffline,
  restartable,
  unmended,
} from './app/plan.ts';
export type { DoctorPorts, LocalPorts, Ports } from './app/ports.ts';
export { type Rendered, renderFiles } from './app/render.ts';
export { findLost, finish, type Lost, type Resumed, undo } from './app/resume.ts';
export {
  type ChosenRollback,
  chooseRollback,
  type RollbackInput,
  type RolledBack,
  rollback,
} from './app/rollback.ts';
export { planFileOf, readPlanFile, savePlan } from './app/saved-plan.ts';
export { show } from './app/show.ts';
export { type StatusInput, status } from './app/status.ts';
export type { Survey } from './app/survey/survey.ts';
export { type Validated, validate } from './app/validate.ts';
export { type Verified, type VerifyInput, verify } from './app/verify.ts';
export type { Where } from './app/workspace/where.ts';
export { localPorts as machineLocalPorts, machinePorts } from './cli/ports.ts';
export type { BuildResult, BuiltMachine } from './model/build-result.ts';
export type { Diagnostic } from './model/diagnostic.ts';
export { ConfigError, type ExitCode, exitCodes, FleetError } from './model/errors.ts';
export type { Emit, EventBody } from './model/events.ts';
export { type Failure, failureOf } from './model/failure.ts';
export type { Fleet } from './model/fleet.ts';
export type { HypervisorResult } from './model/result.ts';
export type { FleetStatus } from './model/status.ts';
export type { Plan } from './plan/plan.ts';
export type { PlanFile } from './plan/plan-file.ts';
