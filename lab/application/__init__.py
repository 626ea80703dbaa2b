"""The application of the lab's company, a small medical web service: what its images hold."""
