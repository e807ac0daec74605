const { assertSurvived, labTest, runBehind } = require('nat-keepalive/lab')

const behindNat = labTest(test)

behindNat('the answer that takes ten minutes arrives through an AWS NAT gateway', async () => {
  const ending = await runBehind(['node', 'client.js'], {
    like: 'aws-nat-gateway',
    scale: 70,
    serve: ['node server.js'],
    hook: 'with',
  })
  assertSurvived(ending)
})
