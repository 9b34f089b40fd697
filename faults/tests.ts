// The fault tests, in the order in which they are run and printed.

import type { FaultTest } from './fault-test.ts'
import { f1Kill } from './tests/f1-kill.ts'
import { f1cPoints } from './tests/f1c-points.ts'
import { f1rReady } from './tests/f1r-ready.ts'
import { f10Network } from './tests/f10-network.ts'
import { f8bSize } from './tests/f8b-size.ts'
import { f9Device } from './tests/f9-device.ts'
import { f11Slow } from './tests/f11-slow.ts'
import { f12Clock } from './tests/f12-clock.ts'
import { f14Locked } from './tests/f14-locked.ts'
import { f21Stop } from './tests/f21-stop.ts'
import { f15Memory } from './tests/f15-memory.ts'
import { f16Backup } from './tests/f16-backup.ts'
import { f22Limits } from './tests/f22-limits.ts'
import { f2Calls } from './tests/f2-calls.ts'
import { f3Power } from './tests/f3-power.ts'
import { f3mLies } from './tests/f3m-lies.ts'
import { f4Simulation } from './tests/f4-simulation.ts'
import { f5Collect } from './tests/f5-collect.ts'
import { f6Space } from './tests/f6-space.ts'
import { f7Damage } from './tests/f7-damage.ts'
import { f8Full } from './tests/f8-full.ts'

export const faultTests: readonly FaultTest[] = [
  f1Kill,
  f1cPoints,
  f1rReady,
  f2Calls,
  f3Power,
  f3mLies,
  f4Simulation,
  f5Collect,
  f6Space,
  f7Damage,
  f8Full,
  f8bSize,
  f9Device,
  f10Network,
  f11Slow,
  f12Clock,
  f14Locked,
  f15Memory,
  f16Backup,
  f21Stop,
  f22Limits,
]
