// 1.3.3: opens one patient, at a steady rate of arrivals whatever the answers take. A script of your own is told the
// same in its environment: BASE_URL, HOST, TOKEN, PATIENT, RATE (iterations a second), DURATION and USERS.
import http from 'k6/http';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    steady: {
      executor: 'constant-arrival-rate',
      rate: Number(__ENV.RATE),
      timeUnit: '1s',
      duration: __ENV.DURATION,
      preAllocatedVUs: Number(__ENV.USERS),
    },
  },
};

const headers = { Authorization: `Bearer ${__ENV.TOKEN}` };
if (__ENV.HOST) {
  headers.Host = __ENV.HOST;
}

export default function () {
  http.get(`${__ENV.BASE_URL}/api/patients/${__ENV.PATIENT}`, { headers });
}
