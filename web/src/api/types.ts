// The words of the daemon's contract, under their own names. schema.ts is generated from docs/openapi.json
// (npm run api), and `npm run check` fails when it is not current.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type Login = Schemas['Login'];
export type Me = Schemas['Me'];
export type ProcessState = Schemas['ProcessState'];
export type Process = Schemas['Process'];
export type Stream = Schemas['Stream'];
export type Streams = Schemas['Streams'];
export type DeviceState = Schemas['DeviceState'];
export type Device = Schemas['Device'];
export type Devices = Schemas['Devices'];
export type RecordingStatus = Schemas['RecordingStatus'];
export type Missing = Schemas['Missing'];
export type Readiness = Schemas['Readiness'];
export type ConfigFault = Schemas['ConfigFault'];
export type ConfigStatus = Schemas['ConfigStatus'];
export type Encoder = Schemas['Encoder'];
export type Status = Schemas['Status'];
export type Event = Schemas['Event'];
export type RobotState = Schemas['RobotState'];
export type RobotLinkState = Schemas['RobotLinkState'];
export type RobotWarning = Schemas['RobotWarning'];
export type Refusal = Schemas['Refusal'];
export type StopReason = Schemas['StopReason'];
export type StepMove = Schemas['StepMove'];
export type DriveMessage = Schemas['DriveMessage'];
export type DriveEvent = Schemas['DriveEvent'];
export type Stamp = Schemas['Stamp'];
export type IfHeld = Schemas['IfHeld'];
export type LeaseAnswer = Schemas['LeaseAnswer'];
export type Estop = Schemas['Estop'];
export type EstopReleased = Schemas['EstopReleased'];
