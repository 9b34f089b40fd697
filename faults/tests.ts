// The fault tests, in the order in which they are run and printed.

import type { FaultTest } from './fault-test.ts'
import { f1Kill } from './tests/f1-kill.ts'
import { f1cPoints } from './tests/f1c-points.ts'
import { f10Network } from './tests/f10-network.ts'
import { f14Locked } from './tests/f14-locked.ts'
import { f21Stop } from './tests/f21-stop.ts'
import { f2Calls } from './tests/f2-calls.ts'
import { f3Power } from './tests/f3-power.ts'
import { f3mLies } from './tests/f3m-lies.ts'
import { f4Simulation } from './tests/f4-simulation.ts'
import { f5Collect } from './tests/f5-collect.ts'

export const faultTests: readonly FaultTest[] = [
  f1Kill,
  f1cPoints,
  f2Calls,
  f3Power,
  f3mLies,
  f4Simulation,
  f5Collect,
  f10Network,
  f14Locked,
  f21Stop,
]
