// The tar format of test layers is that of the published fixtures.
export { tarEnd, tarHeader, tarPadding } from '../../src/testing/tar.ts'
