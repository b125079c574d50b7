"""What is asked, when, of whom: deployments, links, invitations."""
