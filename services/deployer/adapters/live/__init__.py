"""S3, DynamoDB, the endpoint and CloudWatch for what follows a deployment."""
